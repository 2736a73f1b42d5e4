internal import RPCTestProtocol
internal import Synchronization
internal import WeaverCore
internal import WeaverLoop

/// The calls that the process makes itself, at others of its kind.
final class PeerCaller: Sendable {
    private let loop: EventLoop
    private let options: PeerOptions
    private let peers: RPCPeers
    /// Connections that are kept, at rest.
    private let resting = Mutex<[RPCChannel]>([])

    init(loop: EventLoop, options: PeerOptions) {
        self.loop = loop
        self.options = options
        peers = RPCPeers(loop: loop, hello: .peer(name: options.name), limits: options.limits)
    }

    /// Closes all connections.
    func close() async {
        await peers.close()
        for channel in resting.withLock({ $0 }) { await channel.close() }
    }

    /// Makes the calls, each lane one after the other, as a component would: on the loop.
    func make(_ load: PeerLoad) async throws {
        let echo = try replicas(at: load.address)
        try await withThrowingTaskGroup { group in
            for lane in 0..<load.inFlight {
                let count = load.count / load.inFlight + (lane < load.count % load.inFlight ? 1 : 0)
                group.addTask(executorPreference: loop) {
                    for _ in 0..<count { try await self.echo(echo) }
                }
            }
            try await group.waitForAll()
        }
    }

    private func echo(_ replicas: ReplicaSet) async throws {
        let bytes = [UInt8](repeating: 1, count: 64)
        let answer = try await replicas.call(
            PeerMethod.echo.key, context: CallContext(deadline: loop.now + .seconds(600)), isIdempotent: false,
            encode: { wire throws(WireError) in try bytes.encode(wire: &wire) },
            decode: { wire throws(WireError) in try [UInt8](wire: &wire) })
        guard answer == bytes else { throw CallError(.internalError, "another answer") }
    }

    /// Opens connections, and keeps them; one after the other, because a server greets a bounded number at a time.
    func connect(_ load: PeerLoad) async throws {
        guard let address = SocketAddress(load.address) else { throw CallError(.badArguments, "no address") }
        for _ in 0..<load.count {
            let channel = RPCChannel(
                loop: loop, address: address, hello: .peer(name: options.name), limits: options.limits)
            resting.withLock { $0.append(channel) }
            try await channel.call(
                PeerMethod.echo.key, context: CallContext(),
                encode: { wire throws(WireError) in try [UInt8]().encode(wire: &wire) },
                decode: { wire throws(WireError) in _ = try [UInt8](wire: &wire) })
        }
    }

    /// Makes a call at the next process of the route, and gives the contexts of all that it went through.
    func relay(_ route: PeerRoute) async throws -> [PeerContext] {
        guard let address = route.addresses.first, let method = PeerMethod(rawValue: route.method) else {
            throw CallError(.badArguments, "the route is no route")
        }
        let next = try replicas(at: address)
        var rest = route
        rest.addresses.removeFirst()
        guard rest.addresses.isEmpty else {
            let remaining = rest
            return try await next.call(
                PeerMethod.relay.key, context: .current, isIdempotent: false,
                encode: { wire throws(WireError) in try remaining.encode(wire: &wire) },
                decode: { wire throws(WireError) in try [PeerContext](wire: &wire) })
        }
        return try await next.call(
            method.key, context: .current, isIdempotent: false, encode: { _ in },
            decode: { wire throws(WireError) in wire.remaining == 0 ? [] : [try PeerContext(wire: &wire)] })
    }

    /// The process at that address, as a component of one replica.
    private func replicas(at text: String) throws -> ReplicaSet {
        guard let address = SocketAddress(text) else { throw CallError(.badArguments, "\(text) is no address") }
        peers.update(component: text, addresses: [address])
        return peers.replicas(of: text)
    }
}
