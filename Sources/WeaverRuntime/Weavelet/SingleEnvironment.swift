package import Logging
internal import WeaverCore
package import WeaverLoop

/// What the config says of a single process.
package struct SingleSettings: Sendable {
    /// The application's name.
    package var application: String
    /// The components' config sections as TOML text, by full name.
    package var sections: [String: String]
    /// The addresses of the listeners by name, as `host:port`.
    package var listenerAddresses: [String: String]
    /// Where traces and metrics go.
    package var telemetry: TelemetryOptions
    /// How many loops the process has.
    package var loops: Int

    /// Where a listener listens that the config does not mention: any free port, for this machine only.
    package static let defaultListenerAddress = "127.0.0.1:0"

    /// Settings; none are needed.
    package init(
        application: String, sections: [String: String] = [:], listenerAddresses: [String: String] = [:],
        telemetry: TelemetryOptions = TelemetryOptions(), loops: Int = 1
    ) {
        self.loops = loops
        self.telemetry = telemetry
        self.application = application
        self.sections = sections
        self.listenerAddresses = listenerAddresses
    }
}

extension SingleSettings {
    /// What `config` says, whose sections were checked before.
    init(_ config: CheckedConfig) {
        self.init(
            application: config.config.name, sections: config.sections,
            listenerAddresses: config.config.singleListeners.mapValues(\.description),
            telemetry: config.config.singleTelemetry, loops: config.config.singleLoops)
    }
}

extension ComponentRegistry {
    /// The implementations, in the order of their components' names.
    fileprivate var ordered: [ImplementationRecord] {
        records.values.sorted { $0.component.name < $1.component.name }
    }
}

extension CheckedConfig {
    /// Decodes the sections of the components of `registry`; throws the first that one of them cannot use.
    package func check(sectionsOf registry: ComponentRegistry) throws(ConfigError) {
        let sections = ConfigSections(sections)
        for record in registry.ordered {
            do throws(ConfigSectionError) {
                _ = try sections.values(for: record)
            } catch {
                throw self.error(inSectionOf: error.section, key: error.key, error.reason)
            }
        }
    }

    /// The same where the keys of sections are not known from the binary's description: what has been read says which are
    /// meant. A key that nothing has read is refused when it is like one that was; the others are given back, since a type may
    /// read one key only where another has some value.
    package func checkKeys(ofSectionsOf registry: ComponentRegistry) throws(ConfigError) -> [ConfigNote] {
        let sections = ConfigSections(sections)
        var notes: [ConfigNote] = []
        for record in registry.ordered {
            let (name, reading) = (record.component.name, sections.reading(by: record))
            // Of a section that could not be read only what was missing is known to be meant.
            let meant = reading.failure.map { $0.missing.map { [$0] } ?? [] } ?? reading.read.sorted()
            for key in reading.unread {
                let error = unknownKey(key, inSectionOf: name, known: meant)
                if NearestName.of(key, among: meant) != nil { throw error }
                if reading.failure == nil { notes.append(.warning(error)) }
            }
            if let error = reading.failure { throw self.error(inSectionOf: name, key: error.key, error.reason) }
        }
        return notes
    }
}

/// A process that hosts all components of the application: every ref is local.
package struct SingleEnvironment: HostEnvironment {
    package let replica: ReplicaInfo
    package var loop: EventLoop { loops.first }
    package let loops: EventLoops
    package let sections: ConfigSections
    package let telemetry: Telemetry
    private let listenerAddresses: [String: String]
    private let makeLogger: @Sendable (String) -> Logger

    /// The environment of the components `group`, in a process that is known as `replica`.
    package init(
        settings: SingleSettings, replica: ReplicaInfo, loop: EventLoop, level: Logger.Level, sink: any LogSink,
        telemetry: Telemetry = Telemetry(), otherLoops: [EventLoop] = []
    ) {
        self.init(
            settings: settings, replica: replica, loop: loop, telemetry: telemetry, otherLoops: otherLoops
        ) { component in
            Logger(label: component) { _ in
                WeaverLogHandler(component: component, replica: "", level: level, sink: sink)
            }
        }
    }

    /// The same with loggers that `logger` makes for the components.
    package init(
        settings: SingleSettings, replica: ReplicaInfo, loop: EventLoop, telemetry: Telemetry = Telemetry(),
        otherLoops: [EventLoop] = [], logger: @escaping @Sendable (String) -> Logger
    ) {
        self.telemetry = telemetry
        self.replica = replica
        loops = EventLoops(loop, otherLoops)
        sections = ConfigSections(settings.sections)
        listenerAddresses = settings.listenerAddresses
        makeLogger = logger
    }

    package func logger(for component: String) -> Logger { makeLogger(component) }

    package func client(of record: ImplementationRecord) async throws -> ComponentClient? { nil }

    package func listen(_ name: String) async throws -> WeaverListener {
        let text = listenerAddresses[name] ?? SingleSettings.defaultListenerAddress
        return try .listening(on: text, name: name, loops: loops, tracer: telemetry.tracer)
    }

    package func export(_ listener: WeaverListener, of component: String) async throws {
        logger(for: component).info("listener '\(listener.name)' on \(listener.address)")
    }

    package func didStart(_ record: ImplementationRecord, _ implementation: any Implementation) async {}
    package func drainCalls() async {}
    package func cancelCalls() async {}
    package func leaving(completed: Bool) {}
}

extension WeaverListener {
    /// Listens on the address that is written in `text`, as the config or the deployer has it.
    static func listening(
        on text: String, name: String, loops: EventLoops, tracer: WeaverTracer
    ) throws -> WeaverListener {
        guard let address = SocketAddress(text) else {
            throw ListenerAddressError(description: "the address '\(text)' of the listener '\(name)' is no host:port")
        }
        do throws(UVError) {
            return try WeaverListener(name: name, address: address, loops: loops, tracer: tracer)
        } catch {
            guard error.isAddressInUse else { throw error }
            throw ListenerAddressError(description: "the address \(address) of the listener '\(name)' is in use")
        }
    }
}

/// An address of a listener that cannot be read, or that another program has.
struct ListenerAddressError: Error, CustomStringConvertible {
    let description: String
}
