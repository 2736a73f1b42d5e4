import RPCTestProtocol
import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

extension PeerProcesses {
    /// A process that is given more to do than it can.
    @Suite struct OverloadTests {
        /// How long a call of these tests keeps the loop.
        private static let microseconds: UInt64 = 2000

        @Test func `what nobody waits for any more is not run`() async throws {
            try await withPeerProcesses { loop, peers, processes in
                let channel = RPCChannel(loop: loop, address: processes[0].address, hello: .peer(name: "test"))
                let calls = (0..<2000).map { _ in Task { try await channel.work(microseconds: Self.microseconds) } }
                try await eventually("all are sent") { channel.callsInFlight > 1900 }
                // The loop looks at its input between the calls that wait.
                for call in calls { call.cancel() }
                for call in calls { _ = try? await call.value }
                let set = peers.replicas(at: processes[0])
                try await eventually("nothing runs") { try await set.figures().running == 1 }
                let figures = try await set.figures()
                #expect(figures.begun < calls.count, "\(figures)")
                await channel.close()
            }
        }

        @Test func `a call that could not begin in time is refused at once, and one that can wait is not`() async throws
        {
            try await withPeerProcesses { loop, peers, processes in
                let channel = RPCChannel(loop: loop, address: processes[0].address, hello: .peer(name: "test"))
                // What one costs is known after that.
                let first = (0..<100).map { _ in Task { try await channel.work(microseconds: Self.microseconds) } }
                for call in first { try await call.value }
                let patient = (0..<2000).map { _ in
                    Task {
                        try await channel.work(
                            microseconds: Self.microseconds, context: CallContext(deadline: loop.now + .seconds(3600)))
                    }
                }
                try await eventually("all are sent") { channel.callsInFlight > 1900 }
                let error = await #expect(throws: CallError.self) {
                    try await channel.work(
                        microseconds: Self.microseconds, context: CallContext(deadline: loop.now + .milliseconds(200)))
                }
                #expect(error?.code == .overloaded && error?.mayHaveRun == false, "\(String(describing: error))")
                for call in patient { call.cancel() }
                for call in patient {
                    do { try await call.value } catch let error as CallError { #expect(error.code == .cancelled) }
                }
                await channel.close()
            }
        }

        @Test func `past the bound calls are refused, and neither calls nor memory pile up`() async throws {
            var options = PeerOptions()
            options.limits.maximumCallsPerReplica = 100
            try await withPeerProcesses([options]) { loop, peers, processes in
                let channel = RPCChannel(loop: loop, address: processes[0].address, hello: .peer(name: "test"))
                let set = peers.replicas(at: processes[0])
                _ = try await set.echo([1])
                let before = try await set.figures()
                var (answered, refused) = (0, 0)
                for _ in 0..<10 {
                    try await withThrowingTaskGroup(of: CallError.Code?.self) { group in
                        for _ in 0..<1000 {
                            group.addTask(executorPreference: loop) {
                                do {
                                    try await channel.work(microseconds: 100)
                                    return nil
                                } catch let error as CallError {
                                    return error.code
                                }
                            }
                        }
                        for try await code in group {
                            if code == nil { answered += 1 } else { refused += 1 }
                            #expect(code == nil || code == .overloaded)
                        }
                    }
                }
                let after = try await set.figures()
                #expect(answered + refused == 10_000 && answered >= 100 && refused >= 1000, "\(answered) \(refused)")
                #expect(after.begun == answered && after.running == 1)
                #expect(after.handles - before.handles == 2)
                #expect(after.allocatedBytes - before.allocatedBytes < 512 * 1024, "\(before) \(after)")
                await channel.close()
            }
        }
    }
}

extension RPCChannel {
    /// Keeps the process's loop busy. Over a channel, because nothing is made again then.
    fileprivate func work(microseconds: UInt64, context: CallContext = CallContext()) async throws {
        try await call(
            PeerMethod.work.key, context: context, encode: { wire in wire.append(microseconds) }, decode: { _ in })
    }
}
