internal import Logging
internal import Synchronization
internal import WeaverCore
internal import WeaverLoop

/// A weavelet without a deployer, for the benchmarks: a package of their own, which sees nothing that is `package`.
///
/// It is made of what a ``Weavelet`` is made of: a loop, a ``ComponentHost``, a ``ComponentDispatcher`` behind an
/// `RPCServer`, and `RPCPeers` under ``ReplicaTransport``. Only the addresses come from the caller, not over a pipe. May
/// be used from any thread.
@_spi(Benchmarks) public final class BenchmarkWeavelet: Sendable {
    private let loop: EventLoop
    private let registry: ComponentRegistry
    private let host: ComponentHost
    private let hello: Hello
    private let peers: RPCPeers
    /// Measures and traces as in every process of an application.
    private let telemetry = Telemetry()
    private let servers = Mutex<[RPCServer]>([])

    /// A process that hosts nothing yet and listens nowhere. It may call all components that are linked into the binary.
    ///
    /// - Parameter secret: 32 bytes, the same in all processes that call each other.
    /// - Throws: When the linked components do not make an application, or there is no loop to be had.
    public init(secret: [UInt8]) throws {
        guard let secret = DeploymentSecret(bytes: secret) else {
            throw CallError(.badArguments, "a secret has \(DeploymentSecret.size) bytes, not \(secret.count)")
        }
        // As in every process of an application.
        ProcessLimits.keepFreedMemory()
        loop = try EventLoop(name: "weaver-bench")
        registry = try ComponentRegistry(linked: LinkedRecords.all.implementations, listed: [])
        let components = registry.graph.constructionOrder
        let replica = ReplicaInfo(application: "benchmark", deployment: "", replica: "", group: components)
        let environment = SingleEnvironment(
            settings: SingleSettings(application: replica.application), replica: replica, loop: loop, level: .warning,
            sink: try TerminalSink(descriptor: 2), telemetry: telemetry)
        host = ComponentHost(registry: registry, hosted: Set(components), environment: environment)
        hello = Hello(
            secret: secret, version: try BuildIdentity.current(), name: replica.application, reachable: components)
        peers = RPCPeers(loop: loop, hello: hello, decodeError: ErrorRegistry.decodeShared)
    }

    /// What components of this process run on: its loop.
    public var executor: any TaskExecutor { loop }

    /// Constructs all linked components and listens for calls of them until ``close()`` or the end of this object, on a
    /// Unix socket of the path `socket` or, without one, on a free port of 127.0.0.1. Gives the address.
    public func serve(socket: String? = nil) async throws -> String {
        try await host.start(registry.graph.constructionOrder)
        let dispatcher = ComponentDispatcher(loop: loop, hosting: registry.records.values, tracer: telemetry.tracer)
        for (name, record) in registry.records {
            guard let implementation = await host.implementation(of: name) else { continue }
            await dispatcher.start(record, implementation)
        }
        let server = try await RPCServer.start(
            loop: loop, address: socket.map(SocketAddress.unix) ?? .ip("127.0.0.1", port: 0), hello: hello,
            dispatcher: dispatcher)
        servers.withLock { $0.append(server) }
        return server.address.description
    }

    /// What a `@Ref` holds where the component's one replica is at `address`, as ``serve()`` gives it. The deadline of
    /// calls is `deadline`.
    public func remoteRef<D: ComponentDescriptor>(
        to component: D.Type, at address: String, deadline: Duration
    ) throws -> D.Interface {
        guard let address = SocketAddress(address) else { throw CallError(.unreachable, "no address: \(address)") }
        peers.update(component: D.info.name, addresses: [address])
        let transport = ReplicaTransport(
            info: D.info, replicas: peers.replicas(of: D.info.name), defaultDeadline: deadline,
            calls: telemetry.calls(of: D.info, isRemote: true))
        return D.clientStub(ComponentClient(info: D.info, transport: transport), nil)
    }

    /// What a `@Ref` holds where `implementation` is the component's and in the same process.
    public func localRef<D: ComponentDescriptor>(
        to component: D.Type, _ implementation: D.Interface
    ) -> D.Interface {
        D.localStub(
            implementation,
            LocalLink(
                info: D.info, runsOn: .loop, loops: EventLoops(loop),
                calls: telemetry.calls(of: D.info, isRemote: false)))
    }

    /// Ends the connections to and from other processes; calls in flight fail.
    public func close() async {
        for server in servers.withLock({ $0 }) { await server.close() }
        await peers.close()
    }
}
