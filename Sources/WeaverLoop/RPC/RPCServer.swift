package import WeaverCore

/// Listens for the other processes of the deployment and runs their calls.
///
/// Everything but ``start(loop:address:hello:limits:dispatcher:)``, ``drain()`` and ``close()`` belongs to the loop's
/// thread.
package final class RPCServer: @unchecked Sendable {
    // @unchecked: touched on the loop's thread only, which its handles enforce.

    package let loop: EventLoop
    package let limits: RPCLimits
    let hello: Hello
    let dispatcher: any RPCDispatcher
    let workers: CallWorkers
    /// The payload of the answer to a call that there is no room for, written before it is needed: a refusal has to
    /// cost much less than a call.
    let refusal: [UInt8]
    private var listener: StreamListener?
    private var connections: [ObjectIdentifier: RPCServerConnection] = [:]
    private var drained: [CheckedContinuation<Void, Never>] = []
    /// Bounds the wait for the callers to hang up, while there is one.
    private var farewell: LoopTimer?
    private var farewellIsOver = false
    /// Connections whose peer is not known yet.
    private var greetings = 0

    /// Where the server listens; set once it does.
    package private(set) var address: SocketAddress
    /// Whether ``drain()`` was called.
    package var isDraining: Bool { drains }
    /// How many peers are connected.
    var connectionCount: Int { connections.count }
    /// How many calls run now, those included whose caller has given up.
    package var callsRunning: Int { running }
    // Not visible to other modules, so that accesses need no check of exclusivity.
    private var drains = false
    private var running = 0

    private init(
        loop: EventLoop, address: SocketAddress, hello: Hello, limits: RPCLimits, dispatcher: any RPCDispatcher
    ) {
        self.loop = loop
        self.address = address
        self.hello = hello
        self.limits = limits
        self.dispatcher = dispatcher
        workers = CallWorkers(loop: loop)
        refusal = ErrorPayload.bytes(of: CallError(.overloaded, "the replica \(hello.name) has too many calls to run"))
    }

    /// Makes a server that listens on `address`, any free port of 127.0.0.1 by default. From any thread.
    package static func start(
        loop: EventLoop, address: SocketAddress = .ip("127.0.0.1", port: 0), hello: Hello,
        limits: RPCLimits = RPCLimits(), dispatcher: any RPCDispatcher
    ) async throws -> RPCServer {
        let server = RPCServer(loop: loop, address: address, hello: hello, limits: limits, dispatcher: dispatcher)
        try await loop.run { try server.listen() }
        return server
    }

    private func listen() throws(UVError) {
        let listener = try StreamListener(loop: loop, address: address) { [weak self] stream in
            guard let self else { return stream.close() }
            accept(stream)
        }
        self.listener = listener
        address = listener.address ?? address
    }

    private func accept(_ stream: ByteStream) {
        guard greetings < limits.maximumGreetings else { return stream.close() }
        do throws(UVError) {
            let connection = try RPCServerConnection(server: self, stream: stream)
            connections[ObjectIdentifier(connection)] = connection
            greetings += 1
            connection.start()
        } catch {
            stream.close()
        }
    }

    // MARK: For the connections

    /// A connection's peer is known, or the connection has ended before.
    func greetingEnded() { greetings -= 1 }

    var hasRoom: Bool { running < limits.maximumCallsPerReplica }

    func callBegan() { running += 1 }

    func callEnded() {
        running -= 1
        if running == 0, drains { resumeIfDrained() }
    }

    func connectionClosed(_ connection: RPCServerConnection) {
        connections[ObjectIdentifier(connection)] = nil
        if drains { resumeIfDrained() }
    }

    private func resumeIfDrained() {
        guard running == 0, !drained.isEmpty else { return }
        guard connections.isEmpty || farewellIsOver else { return awaitFarewell() }
        farewell?.close()
        farewell = nil
        let waiting = exchange(&drained, with: [])
        for continuation in waiting { continuation.resume() }
    }

    // MARK: Ending

    /// Callers hang up when they have heard that they should, and have all their answers. Closing before them could meet a
    /// call on its way, of which nobody could say any more that it has not run.
    private func awaitFarewell() {
        guard farewell == nil else { return }
        farewell = try? LoopTimer(loop: loop) { [weak self] in self?.endFarewell() }
        guard let farewell else { return endFarewell() }
        farewell.arm(after: limits.farewell)
    }

    private func endFarewell() {
        farewellIsOver = true
        resumeIfDrained()
    }

    /// Tells all peers to send no more calls, refuses those that still arrive, and returns when the last one that runs
    /// has ended and the peers have hung up, or ``RPCLimits/farewell`` has passed since; at once when the loop has ended.
    /// From any thread.
    package func drain() async {
        await withCheckedContinuation { continuation in
            loop.handOver { [self] isInLoop in
                guard isInLoop else { return continuation.resume() }
                if !drains {
                    drains = true
                    for connection in connections.values { connection.sendGoaway() }
                }
                drained.append(continuation)
                resumeIfDrained()
            }
        }
    }

    /// Stops listening and closes all connections once what they have to send is sent; calls that run are cancelled.
    /// From any thread. A loop that has ended has closed them.
    package func close() async {
        try? await loop.run { [self] in
            listener?.close()
            listener = nil
            for connection in connections.values { connection.close() }
            farewellIsOver = true
            resumeIfDrained()
            workers.close()
        }
    }
}
