import RPCTestProtocol
import WeaverCore

@testable import WeaverLoop

/// The methods of the other processes.
extension ReplicaSet {
    private func callPeer<R: Sendable>(
        _ method: PeerMethod, context: CallContext, routingKey: UInt64? = nil, isIdempotent: Bool,
        encode: (inout WireEncoder) throws(WireError) -> Void,
        decode: @escaping @Sendable (inout WireDecoder) throws(WireError) -> R
    ) async throws -> R {
        try await call(
            method.key, context: context, routingKey: routingKey, isIdempotent: isIdempotent, encode: encode,
            decode: decode)
    }

    func echo(
        _ bytes: [UInt8], context: CallContext = CallContext(), isIdempotent: Bool = false
    ) async throws -> [UInt8] {
        try await callPeer(
            .echo, context: context, isIdempotent: isIdempotent,
            encode: { wire throws(WireError) in try bytes.encode(wire: &wire) },
            decode: { wire throws(WireError) in try [UInt8](wire: &wire) })
    }

    /// A method without arguments and result.
    func run(
        _ method: PeerMethod, context: CallContext = CallContext(), isIdempotent: Bool = false
    ) async throws {
        try await callPeer(method, context: context, isIdempotent: isIdempotent, encode: { _ in }, decode: { _ in })
    }

    func run(
        named name: String, context: CallContext = CallContext(), routingKey: UInt64? = nil, isIdempotent: Bool = false
    ) async throws {
        try await callPeer(
            .run, context: context, routingKey: routingKey, isIdempotent: isIdempotent,
            encode: { wire throws(WireError) in try name.encode(wire: &wire) }, decode: { _ in })
    }

    func pause(milliseconds: UInt64, routingKey: UInt64? = nil) async throws {
        try await callPeer(
            .pause, context: CallContext(), routingKey: routingKey, isIdempotent: false,
            encode: { wire in wire.append(milliseconds) }, decode: { _ in })
    }

    func runs(named name: String) async throws -> Int {
        try await callPeer(
            .runs, context: CallContext(), isIdempotent: true,
            encode: { wire throws(WireError) in try name.encode(wire: &wire) },
            decode: { wire throws(WireError) in try wire.read(Int.self) })
    }

    func context(_ context: CallContext) async throws -> PeerContext {
        try await callPeer(
            .context, context: context, isIdempotent: false, encode: { _ in },
            decode: { wire throws(WireError) in try PeerContext(wire: &wire) })
    }

    /// The contexts of all processes on the way.
    func relay(
        through addresses: [SocketAddress], to method: PeerMethod, context: CallContext
    ) async throws -> [PeerContext] {
        let route = PeerRoute(addresses: addresses.map(\.description), method: method)
        return try await callPeer(
            .relay, context: context, isIdempotent: false,
            encode: { wire throws(WireError) in try route.encode(wire: &wire) },
            decode: { wire throws(WireError) in try [PeerContext](wire: &wire) })
    }

    /// Has the process make calls, or connections, at another one.
    func run(
        _ method: PeerMethod, at address: SocketAddress, count: Int, inFlight: Int = 1
    ) async throws {
        let load = PeerLoad(address: address.description, count: count, inFlight: inFlight)
        try await callPeer(
            method, context: CallContext(), isIdempotent: false,
            encode: { wire throws(WireError) in try load.encode(wire: &wire) }, decode: { _ in })
    }

    func figures() async throws -> PeerFigures {
        try await callPeer(
            .figures, context: CallContext(), isIdempotent: true, encode: { _ in },
            decode: { wire throws(WireError) in try PeerFigures(wire: &wire) })
    }
}

extension RPCPeers {
    /// The component that runs in these processes. Calls with a routing key go to the first of them.
    func replicas(at processes: PeerProcess..., named name: String = "Peer") -> ReplicaSet {
        let addresses = processes.map(\.address)
        update(component: name, addresses: addresses, slices: [RoutedSlice(start: 0, addresses: [addresses[0]])])
        return replicas(of: name)
    }
}
