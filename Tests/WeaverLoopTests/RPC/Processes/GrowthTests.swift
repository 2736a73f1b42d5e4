import RPCTestProtocol
import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension PeerProcesses {
    /// What many calls and many connections leave in memory, on both sides: a process that calls and one that is called.
    @Suite struct GrowthTests {
        /// How many calls: a million where somebody asks for them, a fifth otherwise.
        private static let calls = unsafe getenv("WEAVER_MILLION_CALLS") == nil ? 200_000 : 1_000_000
        /// What as many calls may leave: less than a byte for each of them, for what the allocator keeps of its own.
        private static let maximumGrowth = 64 * 1024
        /// Pages that the allocator does not give back.
        private static let maximumResidentGrowth = 2 << 20

        @Test func `a million calls are made and answered without growth of either process`() async throws {
            try await withPeerProcesses([PeerOptions(), PeerOptions()]) { _, peers, processes in
                let caller = peers.replicas(at: processes[0], named: "caller")
                let callee = peers.replicas(at: processes[1], named: "callee")
                func figures() async throws -> [PeerFigures] {
                    [try await caller.figures(), try await callee.figures()]
                }
                // Tables, buffers and workers have their size after that.
                try await caller.run(.load, at: processes[1].address, count: 20_000, inFlight: 64)
                let before = try await figures()
                try await caller.run(.load, at: processes[1].address, count: Self.calls, inFlight: 64)
                let after = try await figures()
                for (before, after) in zip(before, after) {
                    #expect(after.running == before.running && after.handles == before.handles)
                    #expect(after.allocatedBytes - before.allocatedBytes <= Self.maximumGrowth, "\(before) \(after)")
                    #expect(
                        after.residentBytes - before.residentBytes <= Self.maximumResidentGrowth, "\(before) \(after)")
                }
            }
        }

        @Test func `a connection at rest costs less than 64 KiB on either side`() async throws {
            let connections = 1000
            try await withPeerProcesses([PeerOptions(), PeerOptions()]) { _, peers, processes in
                let caller = peers.replicas(at: processes[0], named: "caller")
                let callee = peers.replicas(at: processes[1], named: "callee")
                func figures() async throws -> [PeerFigures] {
                    [try await caller.figures(), try await callee.figures()]
                }
                try await caller.run(.connect, at: processes[1].address, count: 10)
                let before = try await figures()
                try await caller.run(.connect, at: processes[1].address, count: connections)
                let after = try await figures()
                for (before, after) in zip(before, after) {
                    #expect(after.handles - before.handles >= 2 * connections)
                    let bytes = max(
                        after.allocatedBytes - before.allocatedBytes, after.residentBytes - before.residentBytes)
                    #expect(bytes / connections < 64 * 1024, "\(before) \(after)")
                }
            }
        }
    }
}
