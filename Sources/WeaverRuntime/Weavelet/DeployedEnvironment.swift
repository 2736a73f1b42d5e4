internal import Logging
internal import Synchronization
internal import WeaverCore
internal import WeaverLoop

/// A process of a deployment: it hosts one group, and reaches the components of the others by RPC.
final class DeployedEnvironment: HostEnvironment {
    let replica: ReplicaInfo
    let loop: EventLoop
    let sections: ConfigSections
    let server: RPCServer

    private let setup: SetupInfo
    private let hosted: Set<String>
    private let envelope: EnvelopeClient
    private let sink: any LogSink
    private let level: Logger.Level
    private let dispatcher: ComponentDispatcher
    private let peers: RPCPeers
    private let asked = Mutex(Set<String>())

    private init(
        setup: SetupInfo, envelope: EnvelopeClient, loop: EventLoop, level: Logger.Level, sink: any LogSink,
        dispatcher: ComponentDispatcher, server: RPCServer, peers: RPCPeers
    ) {
        replica = ReplicaInfo(
            application: setup.application, deployment: setup.deployment, replica: setup.replica, group: setup.group)
        self.loop = loop
        sections = ConfigSections(setup.sections)
        self.setup = setup
        hosted = Set(setup.group)
        self.envelope = envelope
        self.sink = sink
        self.level = level
        self.dispatcher = dispatcher
        self.server = server
        self.peers = peers
    }

    /// Listens for the calls of others; nothing is answered before a component has started.
    static func start(
        setup: SetupInfo, envelope: EnvelopeClient, registry: ComponentRegistry, loop: EventLoop, level: Logger.Level,
        sink: any LogSink
    ) async throws -> DeployedEnvironment {
        guard let secret = DeploymentSecret(bytes: setup.secret) else {
            throw EnvelopeError(description: "a secret of \(setup.secret.count) bytes")
        }
        let hello = Hello(
            secret: secret, version: BuildIdentity.current, name: setup.replica, reachable: setup.reachable)
        let dispatcher = ComponentDispatcher(
            loop: loop, hosting: setup.group.compactMap { registry.records[$0] })
        let server = try await RPCServer.start(loop: loop, hello: hello, dispatcher: dispatcher)
        return DeployedEnvironment(
            setup: setup, envelope: envelope, loop: loop, level: level, sink: sink, dispatcher: dispatcher,
            server: server, peers: RPCPeers(loop: loop, hello: hello))
    }

    func logger(for component: String) -> Logger {
        Logger(label: component) { [self] _ in
            WeaverLogHandler(component: component, replica: replica.shortReplica, level: level, sink: sink)
        }
    }

    // MARK: Other components

    func client(of record: ImplementationRecord) async throws -> ComponentClient? {
        let name = record.component.name
        // A routed call goes to the owner of its key, also where this process hosts the component too.
        if hosted.contains(name), !record.isRouted { return nil }
        askToStart(name)
        let transport = ReplicaTransport(replicas: peers.replicas(of: name), defaultDeadline: setup.deadline)
        return ComponentClient(info: record.component, transport: transport)
    }

    /// Asks the deployer for a component, once. It is not waited for: components of two groups may need each other's
    /// neighbours, and calls wait for a replica themselves.
    private func askToStart(_ component: String) {
        guard asked.withLock({ $0.insert(component).inserted }) else { return }
        Task(executorPreference: loop) { [self] in
            do {
                try await envelope.startComponent(component)
            } catch {
                _ = asked.withLock { $0.remove(component) }
                logger(for: component).error("the deployer does not start \(component): \(error)")
            }
        }
    }

    /// Takes over what the deployer says of a component's replicas.
    func update(_ info: RoutingInfo) {
        var addresses: [String: SocketAddress] = [:]
        for replica in info.replicas { addresses[replica.id] = SocketAddress(replica.address) }
        let owners = info.assignment.map { assignment in
            { @Sendable [addresses] (key: UInt64) in
                assignment.slice(for: key)?.replicas.compactMap { addresses[$0] } ?? []
            }
        }
        peers.update(
            component: info.component, addresses: info.replicas.compactMap { addresses[$0.id] }, owners: owners)
    }

    // MARK: Listeners

    func listen(_ name: String) async throws -> WeaverListener {
        try await WeaverListener(name: name, listeningOn: envelope.address(forListener: name), loop: loop)
    }

    func export(_ listener: WeaverListener) async throws {
        listener.exported(as: try await envelope.exportListener(listener.name, address: listener.address))
    }

    // MARK: The life of the components

    func didStart(_ record: ImplementationRecord, _ implementation: any Implementation) async {
        await dispatcher.start(record, implementation)
    }

    func drainCalls() async { await server.drain() }

    func leaving(completed: Bool) { envelope.leaving(completed: completed) }

    /// Ends all connections.
    func close() async {
        await server.close()
        await peers.close()
    }
}
