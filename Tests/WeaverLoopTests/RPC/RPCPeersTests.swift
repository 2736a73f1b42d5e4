import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

@Suite struct RPCPeersTests {
    @Test func `a call made before the first replica waits for it`() async throws {
        try await withPeers { loop, peers, servers in
            let set = peers.replicas(of: "Echo")
            let early = Task { try await set.call(.echo, [4]) }
            peers.update(component: "Echo", addresses: [servers[0].address])
            let answer = try await early.value
            #expect(answer == [4])
        }
    }

    @Test func `without a replica the deadline ends the wait`() async throws {
        try await withPeers { loop, peers, _ in
            let set = peers.replicas(of: "Echo")
            let error = await #expect(throws: CallError.self) {
                try await set.call(.echo, context: CallContext(deadline: loop.now + .milliseconds(20)))
            }
            #expect(error?.code == .deadlineExceeded)
            #expect(error?.mayHaveRun == false)
        }
    }

    @Test func `calls are spread over all replicas`() async throws {
        try await withPeers { _, peers, servers in
            let set = peers.replicas(of: "Echo")
            peers.update(component: "Echo", addresses: servers.map(\.address))
            for _ in 0..<200 { _ = try await set.call(.echo) }
            for server in servers { #expect(server.record.startedCount > 50) }
        }
    }

    @Test func `routed calls go to the owner, and elsewhere at once when it is gone`() async throws {
        try await withPeers { loop, peers, servers in
            let set = peers.replicas(of: "Echo")
            let addresses = servers.map(\.address)
            let slices = [
                RoutedSlice(start: 0, addresses: [addresses[0]]), RoutedSlice(start: 1, addresses: [addresses[1]]),
            ]
            peers.update(component: "Echo", addresses: addresses, slices: slices)
            for _ in 0..<20 { _ = try await set.call(.echo, routingKey: 1) }
            #expect(servers[0].record.startedCount == 0)
            #expect(servers[1].record.startedCount == 20)
            await servers[1].server.close()
            for _ in 0..<20 { _ = try await set.call(.echo, routingKey: 1, isIdempotent: true) }
            #expect(servers[0].record.startedCount == 20)
        }
    }

    @Test func `an overloaded replica's refusal is answered by the other one`() async throws {
        var limits = RPCLimits()
        limits.maximumCallsPerReplica = 1
        try await withPeers(limits: limits) { loop, peers, servers in
            // Full by another process's call, of which this one's balancer knows nothing.
            let other = RPCChannel(loop: loop, address: servers[0].address, hello: try .test())
            let blocking = Task { try await other.call(.gated) }
            try await eventually("the first replica is full") { servers[0].record.startedCount == 1 }
            let set = peers.replicas(of: "Echo")
            peers.update(component: "Echo", addresses: servers.map(\.address))
            for _ in 0..<20 { _ = try await set.call(.echo) }
            #expect(servers[0].record.startedCount == 1)
            #expect(servers[1].record.startedCount == 20)
            servers[0].record.gate.open()
            _ = try await blocking.value
            await other.close()
        }
    }

    @Test func `an attempt that may have run is not forgotten when the next one certainly did not`() async throws {
        try await withPeers { loop, peers, servers in
            let set = peers.replicas(of: "Echo")
            peers.update(component: "Echo", addresses: [servers[0].address])
            let call = Task { try await set.call(.gated, isIdempotent: true) }
            try await eventually("it runs") { servers[0].record.startedCount == 1 }
            // Lost mid-call; every attempt after that finds nobody.
            await servers[0].server.close()
            let error = await #expect(throws: CallError.self) { try await call.value }
            #expect(error?.code == .unreachable)
            #expect(error?.mayHaveRun == true)
        }
    }

    @Test func `a call that may have run is not made again unless it is idempotent`() async throws {
        try await withPeers { _, peers, servers in
            let set = peers.replicas(of: "Echo")
            peers.update(component: "Echo", addresses: [servers[0].address])
            let once = Task { try await set.call(.gated, [1]) }
            let often = Task { try await set.call(.gated, [2], isIdempotent: true) }
            try await eventually("both run") { servers[0].record.startedCount == 2 }
            servers[1].record.gate.open()
            peers.update(component: "Echo", addresses: servers.map(\.address))
            await servers[0].server.close()
            let error = await #expect(throws: CallError.self) { try await once.value }
            #expect(error?.code == .connectionLost)
            #expect(error?.mayHaveRun == true)
            let answer = try await often.value
            #expect(answer == [2])
        }
    }

    @Test func `an address that is dropped finishes its calls and is disconnected`() async throws {
        try await withPeers { loop, peers, servers in
            let set = peers.replicas(of: "Echo")
            peers.update(component: "Echo", addresses: [servers[0].address])
            let running = Task { try await set.call(.gated, [7]) }
            try await eventually("it runs") { servers[0].record.startedCount == 1 }
            peers.update(component: "Echo", addresses: [servers[1].address])
            let answer = try await set.call(.echo, [8])
            #expect(answer == [8])
            servers[0].record.gate.open()
            let late = try await running.value
            #expect(late == [7])
            try await eventually("the old connection is closed") {
                try await loop.run { loop.census.live } == 2  // The stream and the timer of the new one.
            }
        }
    }
}

/// A server with what its methods leave behind.
struct TestServer {
    let server: RPCServer
    let record: Record
    var address: SocketAddress { server.address }
}

extension ReplicaSet {
    /// Calls a test method that takes and gives bytes.
    func call(
        _ method: TestMethod, _ bytes: [UInt8] = [], context: CallContext = CallContext(), routingKey: UInt64? = nil,
        isIdempotent: Bool = false
    ) async throws -> [UInt8] {
        try await call(
            method.key, context: context, routingKey: routingKey, isIdempotent: isIdempotent,
            encode: { wire throws(WireError) in try bytes.encode(wire: &wire) },
            decode: { wire throws(WireError) in try [UInt8](wire: &wire) })
    }
}

/// Two servers on a loop, and the peers of a process on another.
func withPeers(
    limits: RPCLimits = RPCLimits(), clientLimits: RPCLimits = RPCLimits(),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (EventLoop, RPCPeers, [TestServer]) async throws -> Void
) async throws {
    try await withLoop(sourceLocation: sourceLocation) { serverLoop in
        try await withLoop(sourceLocation: sourceLocation) { clientLoop in
            var servers: [TestServer] = []
            for _ in 0..<2 {
                let record = Record()
                let server = try await RPCServer.start(
                    loop: serverLoop, hello: .test(), limits: limits, dispatcher: TestDispatcher(record: record))
                servers.append(TestServer(server: server, record: record))
            }
            let peers = RPCPeers(loop: clientLoop, hello: try .test(), limits: clientLimits)
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(clientLoop, peers, servers))
            } catch {
                result = .failure(error)
            }
            await peers.close()
            for server in servers {
                server.record.gate.open()
                await server.server.close()
            }
            try result.get()
        }
    }
}
