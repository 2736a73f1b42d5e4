import RPCTestProtocol
import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

extension PeerProcesses {
    /// Which of several processes get the calls.
    @Suite struct BalancingTests {
        @Test func `a process that drains finishes its calls and gets no new ones, and no caller notices`() async throws
        {
            try await withPeerProcesses([PeerOptions(), PeerOptions()]) { _, peers, processes in
                let first = peers.replicas(at: processes[0], named: "first")
                let second = peers.replicas(at: processes[1], named: "second")
                let both = peers.replicas(at: processes[0], processes[1])
                let running = (0..<20).map { _ in Task { try await both.pause(milliseconds: 500, routingKey: 0) } }
                try await eventually("all run at the first one") { try await first.figures().begun == 20 }
                try await first.run(.drain)
                // Not idempotent: what the first one refuses certainly did not run.
                try await eventually("it drains") {
                    try await both.run(named: "crossing", routingKey: 0)
                    do {
                        _ = try await first.figures()
                        return false
                    } catch let error as CallError {
                        return error.code == .draining
                    }
                }
                for _ in 0..<50 { try await both.run(named: "new", routingKey: 0) }
                #expect(try await second.runs(named: "new") == 50)
                for call in running { try await call.value }
                // Its connection is closed after the last answer; it takes nobody's calls any more.
                let error = await #expect(throws: CallError.self) { try await first.run(named: "new") }
                #expect(error?.mayHaveRun == false)
            }
        }

        @Test func `a new process is used by the next calls after its routing info`() async throws {
            let options = [PeerOptions](repeating: PeerOptions(), count: 3)
            try await withPeerProcesses(options) { loop, peers, processes in
                let set = peers.replicas(at: processes[0], processes[1])
                let new = peers.replicas(at: processes[2], named: "new")
                // Others are busy with it all the time.
                let load = Task {
                    try await withThrowingTaskGroup { group in
                        for _ in 0..<16 {
                            group.addTask { while !Task.isCancelled { try await set.run(named: "load") } }
                        }
                        try await group.waitForAll()
                    }
                }
                for _ in 0..<100 { try await set.run(named: "before") }
                _ = peers.replicas(at: processes[0], processes[1], processes[2])
                // Idle, it is taken whenever it is one of the two that are looked at: two times of three.
                for _ in 0..<50 { try await set.run(named: "after") }
                #expect(try await new.runs(named: "before") == 0)
                #expect(try await new.runs(named: "after") > 0)
                load.cancel()
                _ = try? await load.value
            }
        }

        @Test func `the busier of two processes gets fewer calls`() async throws {
            try await withPeerProcesses([PeerOptions(), PeerOptions()]) { _, peers, processes in
                let first = peers.replicas(at: processes[0], named: "first")
                let second = peers.replicas(at: processes[1], named: "second")
                let both = peers.replicas(at: processes[0], processes[1])
                // Until the test has seen enough, however long its turns take.
                let running = (0..<20).map { _ in Task { try await both.pause(milliseconds: 3_600_000, routingKey: 0) }
                }
                try await eventually("all run at the first one") { try await first.figures().begun == 20 }
                for _ in 0..<100 { try await both.run(named: "light") }
                #expect(try await second.runs(named: "light") == 100)
                for call in running { call.cancel() }
                for call in running { await #expect(throws: (any Error).self) { try await call.value } }
            }
        }
    }
}
