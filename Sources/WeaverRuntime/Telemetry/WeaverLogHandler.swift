package import Logging
package import WeaverCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// swift-log's way to a ``LogSink``: adds who logs, and in which trace, to what is logged.
package struct WeaverLogHandler: LogHandler {
    /// The level below which nothing is logged unless the application says otherwise.
    package static let defaultLevel = Logger.Level.info
    /// The environment variable that sets another level, by its name.
    package static let levelVariable = "LOG_LEVEL"

    /// The component's full name; a logger that the application has made itself is shown under its label.
    private let component: String
    /// The replica's short id; empty in a single process.
    private let replica: String
    private let sink: any LogSink

    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    package var logLevel: Logger.Level

    /// A handler for the logger of `component`.
    package init(component: String, replica: String, level: Logger.Level, sink: any LogSink) {
        self.component = component
        self.replica = replica
        self.sink = sink
        logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var attributes: [String: String] = [:]
        for source in [metadataProvider?.get(), metadata, event.metadata] {
            for (key, value) in source ?? [:] { attributes[key] = value.description }
        }
        if let error = event.error { attributes["error"] = "\(error)" }
        sink.write(
            LogEntry(
                time: WallClock.microseconds, level: LogEntry.Level(event.level), component: component,
                replica: replica,
                file: event.file, line: UInt32(clamping: event.line), message: event.message.description,
                attributes: attributes, trace: CurrentTrace.context?.traceID ?? 0))
    }

    /// The level that the environment asks for.
    package static var levelOfProcess: Logger.Level {
        level(named: unsafe getenv(levelVariable).map { unsafe String(cString: $0) })
    }

    /// What is wrong with `name`, the value of ``levelVariable``; nil where it is a level, or nothing.
    package static func levelProblem(_ name: String?) -> String? {
        guard let name, !name.isEmpty, Logger.Level(rawValue: name.lowercased()) == nil else { return nil }
        let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        return "\(levelVariable)=\(name) is no level, and \(defaultLevel) is taken: there are \(levels)"
    }

    /// The level that `name`, the value of ``levelVariable``, asks for.
    package static func level(named name: String?) -> Logger.Level {
        name.flatMap { Logger.Level(rawValue: $0.lowercased()) } ?? defaultLevel
    }
}

extension LogEntry.Level {
    /// The level of the same name.
    package init(_ level: Logger.Level) {
        self =
            switch level {
            case .trace: .trace
            case .debug: .debug
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            case .critical: .critical
            }
    }
}
