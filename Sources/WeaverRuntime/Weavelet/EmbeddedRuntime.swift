package import Logging
internal import Synchronization
internal import WeaverCore
internal import WeaverLoop

/// Components inside a process that is somebody else's: no main component, no signals, no exit; a loop and loggers of its
/// own. Several may live beside each other. May be used from any thread but its loop's.
///
/// ``init(components:config:name:logger:)`` has made the loop, which ``stop()`` has to end, also where nothing was started.
package final class EmbeddedRuntime: Sendable {
    /// How long requests in flight at the components' listeners may take at the end. 10 s.
    package static let drain = EndBounds.drain

    private let registry: ComponentRegistry
    private let loop: EventLoop
    private let host: ComponentHost
    /// What refs hold, by interface; empty until all components have started.
    private let references = Mutex([ObjectIdentifier: any Sendable]())

    /// Checks `components`, or all that are linked where there are none, with what they have refs to, and their config;
    /// makes the loop. Nothing of the application has run so far.
    ///
    /// - Parameters:
    ///   - config: where the components' sections are; nil for nowhere.
    ///   - name: the application's, where the config has none, and the loop's.
    ///   - logger: makes the logger of the component with that name.
    package convenience init(
        components: [any Implementation.Type], config: AppConfig?, name: String,
        logger: @escaping @Sendable (String) -> Logger
    ) throws {
        let linked = LinkedRecords.all
        let listed = components.map { $0.implementationRecord }
        try linked.registerErrors(with: listed)
        let registry = try ComponentRegistry(linked: linked.implementations, listed: listed, hasMain: false)
        let settings = try Self.settings(config, name, registry, linked.implementations, listed)
        try self.init(registry: registry, settings: settings, name: name, logger: logger)
    }

    /// The same for components that were chosen and checked before, with what the config says of them.
    package init(
        registry: ComponentRegistry, settings: SingleSettings, name: String,
        logger: @escaping @Sendable (String) -> Logger
    ) throws {
        self.registry = registry
        loop = try EventLoop(name: name)
        let environment = SingleEnvironment(
            settings: settings,
            replica: ReplicaInfo(alone: settings.application, group: registry.graph.constructionOrder), loop: loop,
            telemetry: .ofProcess, logger: logger)
        host = ComponentHost(registry: registry, hosted: Set(registry.records.keys), environment: environment)
    }

    private static func settings(
        _ config: AppConfig?, _ name: String, _ registry: ComponentRegistry, _ linked: [ImplementationRecord],
        _ listed: [ImplementationRecord]
    ) throws -> SingleSettings {
        guard let config else { return SingleSettings(application: name) }
        // The keys of sections are not looked for here: that runs the decoders of the application on invented values.
        let descriptor = try AppDescriptor(linked: linked, listed: listed, findsConfigKeys: false, hasMain: false)
        return try SingleSettings(try config.check(against: descriptor, hasMain: false), registry)
    }

    /// Starts the components, each after those that it has refs to. Throws when one does not start. When the caller is
    /// cancelled, it throws at once; ``stop()`` then cancels what is starting.
    package func start() async throws {
        // Detached: what the process has bootstrapped, not what `withTracer` has set for the caller.
        await Task.detached { Telemetry.ofProcess.lookForInstrument() }.value
        let (ends, end) = AsyncThrowingStream<Void, any Error>.makeStream()
        Task { [host, registry] in
            do {
                try await host.start(Array(registry.records.keys))
                end.finish()
            } catch {
                end.finish(throwing: error)
            }
        }
        for try await _ in ends {}
        try Task.checkCancellation()
        var references: [ObjectIdentifier: any Sendable] = [:]
        for record in registry.records.values {
            references[record.interface] = await host.localReference(to: record.component.name)
        }
        self.references.withLock { $0 = references }
    }

    /// What a `@Ref` to the component with this interface holds. Throws when no component that has started has it.
    package func reference<Interface>(to interface: Interface.Type) throws(UnknownInterface) -> Interface {
        try UnknownInterface.find(interface, in: allReferences, of: registry)
    }

    /// What `@Ref`s hold, by interface; nothing before all components have started.
    package var allReferences: [ObjectIdentifier: any Sendable] { references.withLock { $0 } }

    /// The component that is starting; they start one after another.
    package var starting: String? {
        get async {
            for name in registry.graph.constructionOrder {
                if await host.implementation(of: name) == nil { return name }
            }
            return nil
        }
    }

    /// The addresses of the components' listeners, by name.
    package var listenerAddresses: [String: String] {
        get async { await host.listenerAddresses }
    }

    /// Lets requests in flight end, stops the components in reverse order of their refs, and ends the loop. Gives what went
    /// wrong. It takes its time also when the caller is cancelled: in a task of its own.
    package func stop() async -> [String] { await Task { await end() }.value }

    private func end() async -> [String] {
        references.withLock { $0 = [:] }
        var problems: [String] = []
        do {
            try await DetachedCall.onLoop(loop).run(within: Self.drain) { await self.host.drainListeners() }
        } catch {
            problems.append("requests are still in flight after \(Self.drain); the components stop without them")
        }
        problems += await host.stop().map(\.description)
        await loop.end()
        return problems
    }
}

/// No component that runs has an interface.
package struct UnknownInterface: Error, CustomStringConvertible {
    /// The interface's type, as Swift prints it.
    package let interface: String
    /// The components that run.
    package let known: [String]

    /// What a `@Ref` to the component with this interface holds, of `references`, which are by interface.
    package static func find<Interface>(
        _ interface: Interface.Type, in references: [ObjectIdentifier: any Sendable], of registry: ComponentRegistry
    ) throws(UnknownInterface) -> Interface {
        guard let reference = references[ObjectIdentifier(interface)] as? Interface else {
            throw UnknownInterface(
                interface: "\(interface)", known: registry.records.values.map(\.component.name).sorted())
        }
        return reference
    }

    /// `no component with the interface any Attic runs here: ...`.
    package var description: String {
        let there =
            switch known.count {
            case 0: "is none"
            case 1: "is \(known[0])"
            default: "are \(known.joined(separator: ", "))"
            }
        return
            "no component with the interface \(interface) runs here: it needs an @Implements that is linked, or listed; "
            + "there \(there)"
    }
}
