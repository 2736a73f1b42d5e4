import RPCTestProtocol
import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

extension PeerProcesses {
    /// Deadlines, cancellation, trace and metadata between processes.
    @Suite struct TravellingContextTests {
        private static let trace = TraceContext(traceID: 1 << 100 | 5, spanID: 42, flags: 1)

        @Test func `the callee sees the time that is left, the trace and the metadata`() async throws {
            try await withPeerProcesses { loop, peers, processes in
                let given = CallContext(
                    deadline: loop.now + .seconds(3600), metadata: ["user": "ada", "": "é"], trace: Self.trace)
                let seen = try await peers.replicas(at: processes[0]).context(given)
                #expect(seen.metadata == given.metadata)
                #expect(seen.trace == Self.trace)
                let left = try #require(seen.timeLeft)
                #expect(left > 0 && left <= 3_600_000_000_000)
            }
        }

        @Test func `without a context the callee sees none`() async throws {
            try await withPeerProcesses { _, peers, processes in
                let seen = try await peers.replicas(at: processes[0]).context(CallContext())
                #expect(seen.timeLeft == nil && seen.trace == nil && seen.metadata.isEmpty)
            }
        }

        @Test func `a deadline fails the caller in time and cancels the callee's task`() async throws {
            try await withPeerProcesses { loop, peers, processes in
                let set = peers.replicas(at: processes[0])
                _ = try await set.echo([1])
                let deadline = loop.now + .milliseconds(100)
                let error = await #expect(throws: CallError.self) {
                    try await set.run(.hang, context: CallContext(deadline: deadline))
                }
                #expect(error?.code == .deadlineExceeded && error?.mayHaveRun == true)
                #expect(loop.now >= deadline)
                try await eventually("the callee's task is cancelled, and ends") {
                    let figures = try await set.figures()
                    return figures.begun == 1 && figures.cancelled == 1 && figures.running == 1
                }
            }
        }

        @Test func `a deadline also fails the call of a process that does nothing but compute`() async throws {
            try await withPeerProcesses { loop, peers, processes in
                let set = peers.replicas(at: processes[0])
                _ = try await set.echo([1])
                let deadline = loop.now + .milliseconds(100)
                let error = await #expect(throws: CallError.self) {
                    try await set.run(.spin, context: CallContext(deadline: deadline))
                }
                #expect(error?.code == .deadlineExceeded && error?.mayHaveRun == true)
                #expect(loop.now >= deadline)
                try await processes[0].kill()
            }
        }

        @Test func `cancelling the caller's task cancels the callee's, and nothing of the call is left`() async throws {
            try await withPeerProcesses { loop, peers, processes in
                let set = peers.replicas(at: processes[0])
                let before = try await set.figures()
                let tasks = (0..<100).map { _ in Task { try await set.run(.hang) } }
                try await eventually("all run") { try await set.figures().begun == 100 }
                for task in tasks { task.cancel() }
                for task in tasks {
                    let error = await #expect(throws: CallError.self) { try await task.value }
                    #expect(error?.code == .cancelled && error?.mayHaveRun == true)
                }
                try await eventually("all are cancelled, and have ended") {
                    let figures = try await set.figures()
                    return figures.cancelled == 100 && figures.running == before.running
                        && figures.handles == before.handles
                }
            }
        }

        @Test func `a nested call has the deadline that is left, the trace and the metadata`() async throws {
            let options = [PeerOptions](repeating: PeerOptions(), count: 2)
            try await withPeerProcesses(options) { loop, peers, processes in
                let given = CallContext(
                    deadline: loop.now + .seconds(3600), metadata: ["user": "ada"], trace: Self.trace)
                let seen = try await peers.replicas(at: processes[0])
                    .relay(through: [processes[1].address], to: .context, context: given)
                #expect(seen.count == 2)
                for context in seen { #expect(context.metadata == given.metadata && context.trace == Self.trace) }
                let left = try seen.map { try #require($0.timeLeft) }
                #expect(left[0] <= 3_600_000_000_000)
                #expect(left[1] <= left[0] && left[1] > 0)
            }
        }

        @Test(arguments: [true, false])
        func `the end of the first call is the end of all that hang on it`(_ isDeadline: Bool) async throws {
            let options = [PeerOptions](repeating: PeerOptions(), count: 3)
            try await withPeerProcesses(options) { loop, peers, processes in
                let last = peers.replicas(at: processes[2], named: "last")
                let first = peers.replicas(at: processes[0], named: "first")
                // Connected before the time runs.
                _ = try await first.relay(
                    through: processes[1...].map(\.address), to: .context, context: CallContext())
                let task = Task {
                    try await first.relay(
                        through: processes[1...].map(\.address), to: .hang,
                        context: CallContext(deadline: isDeadline ? loop.now + .seconds(3) : nil))
                }
                try await eventually("the last one runs") { try await last.figures().begun == 1 }
                if !isDeadline { task.cancel() }
                let error = await #expect(throws: CallError.self) { try await task.value }
                #expect(error?.code == (isDeadline ? .deadlineExceeded : .cancelled))
                #expect(error?.mayHaveRun == true)
                try await eventually("the last one is cancelled") { try await last.figures().cancelled == 1 }
                for (index, process) in processes.enumerated() {
                    let set = peers.replicas(at: process, named: "\(index)")
                    try await eventually("nothing runs") { try await set.figures().running == 1 }
                }
            }
        }
    }
}
