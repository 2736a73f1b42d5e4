package import WeaverCore
package import WeaverLoop

/// The files that access logs go to, each opened once, and written by a thread of its own: see ``TerminalSink``. What is
/// lost because a file takes too long is counted, and said in the file.
package final class AccessLogFiles {
    private var sinks: [String: TerminalSink] = [:]

    /// No file.
    package init() {}

    /// The log that `options` ask for; nil for none. `stream` takes lines, without their ends, where no file is named.
    package func log(
        _ options: ProxyOptions, elseTo stream: @escaping @Sendable (String) -> Void
    ) throws -> AccessLog? {
        guard let format = options.accessLog else { return nil }
        guard let file = options.accessLogFile else {
            return AccessLog(wallClock: { WallClock.microseconds }) { stream(String($0.line(format).dropLast())) }
        }
        return try log(format, file: file)
    }

    /// A log in `file`, at its end.
    package func log(_ format: AccessLogFormat, file: String) throws -> AccessLog {
        let sink = try sinks[file] ?? TerminalSink(appendingTo: file, "the access log", notice: Self.notice(format))
        sinks[file] = sink
        return Self.log(format, to: sink)
    }

    /// A log that goes to a descriptor of this process.
    package func log(_ format: AccessLogFormat, descriptor: Int32) throws -> AccessLog {
        let sink = try TerminalSink(descriptor: descriptor, queue: LineQueue(notice: Self.notice(format)))
        sinks["\(descriptor)"] = sink
        return Self.log(format, to: sink)
    }

    /// Returns when everything is written, or `bound` has passed.
    package func flush(within bound: Duration) async {
        for sink in sinks.values { await sink.flush(within: bound) }
    }

    private static func log(_ format: AccessLogFormat, to sink: TerminalSink) -> AccessLog {
        AccessLog(wallClock: { WallClock.microseconds }) { entry in sink.put { entry.line(format) } }
    }

    private static func notice(_ format: AccessLogFormat) -> @Sendable (Int) -> String {
        switch format {
        case .combined: LineQueue.notice
        case .json: { "{\"lost\":\($0)}\n" }
        }
    }
}
