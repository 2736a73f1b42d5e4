import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

/// Replicas that fail their calls, as the calls of a component see them; the rules are tested in WeaverCore.
@Suite(.timeLimit(.minutes(1)))
struct OutlierTests {
    /// Limits under which two calls without an answer eject a replica, until the test asks for it.
    private static func limits(ejection: Duration) -> RPCLimits {
        var limits = RPCLimits()
        limits.outliers.consecutiveFailures = 2
        limits.outliers.failingTime = .zero
        limits.outliers.baseEjectionTime = ejection
        // On a busy machine a test may wait long for its turn, which says nothing about a probe.
        limits.outliers.probeTimeout = .seconds(3600)
        return limits
    }

    /// Lets calls of `gated`, which the first replica does not answer, run out of time until it is ejected.
    private static func eject(_ set: ReplicaSet, _ loop: EventLoop) async throws {
        for _ in 0..<2 {
            let error = await #expect(throws: CallError.self) {
                try await set.call(
                    .gated, context: CallContext(deadline: loop.now + .milliseconds(500)), routingKey: 0)
            }
            #expect(error?.code == .deadlineExceeded)
        }
    }

    @Test func `a replica that answers nothing gets no calls, not even those of its keys`() async throws {
        try await withPeers(clientLimits: Self.limits(ejection: .seconds(3600))) { loop, peers, servers in
            let set = peers.replicas(of: "Echo")
            peers.update(
                component: "Echo", addresses: servers.map(\.address),
                slices: [RoutedSlice(start: 0, addresses: [servers[0].address])])
            try await Self.eject(set, loop)
            #expect(servers[0].record.startedCount == 2)
            for _ in 0..<50 { _ = try await set.call(.echo, routingKey: 0) }
            for _ in 0..<50 { _ = try await set.call(.echo) }
            #expect(servers[0].record.startedCount == 2)
            #expect(servers[1].record.startedCount == 100)
        }
    }

    @Test func `the only replica left is called although it was ejected`() async throws {
        try await withPeers(clientLimits: Self.limits(ejection: .seconds(3600))) { loop, peers, servers in
            let set = peers.replicas(of: "Echo")
            peers.update(
                component: "Echo", addresses: servers.map(\.address),
                slices: [RoutedSlice(start: 0, addresses: [servers[0].address])])
            try await Self.eject(set, loop)
            peers.update(component: "Echo", addresses: [servers[0].address])
            let answer = try await set.call(.echo, [1])
            #expect(answer == [1])
        }
    }

    @Test func `a replica that is due is probed by one call, and is back when that is answered`() async throws {
        try await withPeers(clientLimits: Self.limits(ejection: .zero)) { loop, peers, servers in
            let set = peers.replicas(of: "Echo")
            peers.update(
                component: "Echo", addresses: servers.map(\.address),
                slices: [RoutedSlice(start: 0, addresses: [servers[0].address])])
            try await Self.eject(set, loop)
            // The probe: it waits for the gate, and as long as it does no other call goes there.
            let probe = Task { try await set.call(.gated, [7], routingKey: 0) }
            try await eventually("the probe runs") { servers[0].record.startedCount == 3 }
            for _ in 0..<50 { _ = try await set.call(.echo, routingKey: 0) }
            #expect(servers[0].record.startedCount == 3)
            servers[0].record.gate.open()
            let answer = try await probe.value
            #expect(answer == [7])
            for _ in 0..<50 { _ = try await set.call(.echo, routingKey: 0) }
            #expect(servers[0].record.startedCount == 53)
        }
    }

    @Test func `errors that the component throws eject nobody`() async throws {
        try await withPeers(clientLimits: Self.limits(ejection: .seconds(3600))) { _, peers, servers in
            let set = peers.replicas(of: "Echo")
            peers.update(
                component: "Echo", addresses: servers.map(\.address),
                slices: [RoutedSlice(start: 0, addresses: [servers[0].address])])
            for _ in 0..<10 {
                await #expect(throws: RemoteError.self) { try await set.call(.throwing, routingKey: 0) }
            }
            #expect(servers[0].record.startedCount == 10)
        }
    }

    @Test func `an answer between two failures, from whatever thread it was asked for, excuses them`() async throws {
        try await withPeers(clientLimits: Self.limits(ejection: .seconds(3600))) { loop, peers, servers in
            let set = peers.replicas(of: "Echo")
            peers.update(
                component: "Echo", addresses: servers.map(\.address),
                slices: [RoutedSlice(start: 0, addresses: [servers[0].address])])
            for round in 0..<6 {
                let error = await #expect(throws: CallError.self) {
                    try await set.call(
                        .gated, context: CallContext(deadline: loop.now + .milliseconds(20)), routingKey: 0)
                }
                #expect(error?.code == .deadlineExceeded)
                if round % 2 == 0 {
                    _ = try await set.call(.echo, routingKey: 0)
                } else {
                    await Task(executorPreference: loop) { _ = try? await set.call(.throwing, routingKey: 0) }.value
                }
            }
            // A call whose time is over before it is sent does not start; none may start elsewhere.
            #expect(servers[0].record.startedCount >= 6)
            #expect(servers[1].record.startedCount == 0)
        }
    }
}
