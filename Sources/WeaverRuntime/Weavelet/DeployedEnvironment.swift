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
    let telemetry: Telemetry

    private let setup: SetupInfo
    private let hosted: Set<String>
    private let envelope: EnvelopeClient
    private let sink: any LogSink
    private let level: Logger.Level
    private let dispatcher: ComponentDispatcher
    private let peers: RPCPeers
    /// The components that the deployer was asked for, with who asks.
    private let asking = Mutex([String: Task<Void, Never>]())
    private let versions = Mutex(RoutingVersions())
    /// Identifies the binary.
    let version: String

    /// A refusal is asked about again after 1 s, then twice as long each time, up to 30 s.
    private static let firstPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(30)

    private init(
        setup: SetupInfo, envelope: EnvelopeClient, loop: EventLoop, level: Logger.Level, sink: any LogSink,
        dispatcher: ComponentDispatcher, server: RPCServer, peers: RPCPeers, version: String, telemetry: Telemetry
    ) {
        self.telemetry = telemetry
        self.version = version
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
        sink: any LogSink, telemetry: Telemetry
    ) async throws -> DeployedEnvironment {
        guard let secret = DeploymentSecret(bytes: setup.secret) else {
            throw EnvelopeError(description: "a secret of \(setup.secret.count) bytes")
        }
        let version = try BuildIdentity.current()
        let hello = Hello(
            secret: secret, version: version, name: setup.replica, reachable: setup.reachable)
        let dispatcher = ComponentDispatcher(
            loop: loop, hosting: setup.group.compactMap { registry.records[$0] }, tracer: telemetry.tracer)
        let server = try await listen(setup.callSocket, loop, hello, dispatcher, sink)
        return DeployedEnvironment(
            setup: setup, envelope: envelope, loop: loop, level: level, sink: sink, dispatcher: dispatcher,
            server: server, peers: RPCPeers(loop: loop, hello: hello, decodeError: ErrorRegistry.decodeShared),
            version: version, telemetry: telemetry)
    }

    /// On the socket that the deployer has named: calls over it cost less. Where that cannot be, a port does as well.
    private static func listen(
        _ socket: String?, _ loop: EventLoop, _ hello: Hello, _ dispatcher: ComponentDispatcher, _ sink: any LogSink
    ) async throws -> RPCServer {
        guard let socket else { return try await RPCServer.start(loop: loop, hello: hello, dispatcher: dispatcher) }
        do {
            return try await RPCServer.start(
                loop: loop, address: .unix(socket), hello: hello, dispatcher: dispatcher)
        } catch {
            let handler = WeaverLogHandler(
                component: "weaver", replica: String(hello.name.prefix(8)), level: .warning, sink: sink)
            Logger(label: "weaver") { _ in handler }.warning("component calls come in on a port: \(error)")
            return try await RPCServer.start(loop: loop, hello: hello, dispatcher: dispatcher)
        }
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
        let transport = ReplicaTransport(
            info: record.component, replicas: peers.replicas(of: name), defaultDeadline: setup.deadline,
            calls: telemetry.calls(of: record.component, isRemote: true))
        return ComponentClient(info: record.component, transport: transport)
    }

    /// Asks the deployer for a component, until it agrees. It is not waited for: components of two groups may need each
    /// other's neighbours, and calls wait for a replica themselves.
    private func askToStart(_ component: String) {
        asking.withLock { asking in
            guard asking[component] == nil else { return }
            asking[component] = Task(executorPreference: loop) { [self] in await keepAsking(for: component) }
        }
    }

    private func keepAsking(for component: String) async {
        var pause = Self.firstPause
        while !Task.isCancelled {
            do {
                return try await envelope.startComponent(component)
            } catch let error as EnvelopeError where error == .gone {
                return
            } catch {
                logger(for: component).error("the deployer does not start \(component): \(error)")
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, Self.longestPause)
        }
    }

    /// Takes over what the deployer says of a component's replicas. On the loop's thread.
    func update(_ info: RoutingInfo) {
        guard versions.withLock({ $0.accepts(info) }) else { return }
        if let assignment = info.assignment, hosted.contains(info.component) {
            dispatcher.assign(assignment, to: info.component)
        }
        // Who only hosts a component has nobody to reach.
        guard setup.reachable.contains(info.component) else { return }
        peers.replicas(of: info.component).setGivenUp(info.isGivenUp)
        var addresses: [String: SocketAddress] = [:]
        for replica in info.replicas { addresses[replica.id] = SocketAddress(replica.address) }
        let slices = info.assignment?.slices.map { slice in
            RoutedSlice(start: slice.start, addresses: slice.replicas.compactMap { addresses[$0] })
        }
        peers.update(
            component: info.component, addresses: info.replicas.compactMap { addresses[$0.id] }, slices: slices ?? [])
    }

    /// What the routed components of this process have counted since the last time. On the loop's thread.
    func takeLoad() -> [LoadReport] { dispatcher.takeLoad() }

    // MARK: Listeners

    func listen(_ name: String) async throws -> WeaverListener {
        try await .listening(
            on: envelope.address(forListener: name), name: name, loops: loops, tracer: telemetry.tracer)
    }

    func export(_ listener: WeaverListener, of component: String) async throws {
        listener.exported(as: try await envelope.exportListener(listener.name, address: listener.address))
    }

    // MARK: The life of the components

    func didStart(_ record: ImplementationRecord, _ implementation: any Implementation) async {
        await dispatcher.start(record, implementation)
    }

    func drainCalls() async { await server.drain() }

    func cancelCalls() async { await server.close() }

    func leaving(completed: Bool) { envelope.leaving(completed: completed) }

    /// Ends all connections, and asks for nothing more.
    func close() async {
        let asking = asking.withLock { $0 }
        for task in asking.values { task.cancel() }
        for task in asking.values { await task.value }
        await server.close()
        await peers.close()
    }
}
