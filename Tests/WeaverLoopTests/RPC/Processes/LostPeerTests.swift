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
    /// Processes that are stopped, killed or cut off while they are called.
    @Suite struct LostPeerTests {
        /// A process that does not answer `run`, and one that does.
        private static let hangingAndFine: [PeerOptions] = {
            var hanging = PeerOptions()
            hanging.hangs = true
            return [hanging, PeerOptions()]
        }()

        /// Notices silence soon.
        static let alert: RPCLimits = {
            var limits = RPCLimits()
            limits.pingInterval = .milliseconds(50)
            limits.silenceLimit = .milliseconds(200)
            limits.connectTimeout = .milliseconds(500)
            return limits
        }()

        /// Calls that run at the first process when `lose` takes it away: one that may be made again, and one that may not.
        static func expectLoss(
            of processes: [PeerProcess], _ peers: RPCPeers, saying words: String, _ lose: () async throws -> Void
        ) async throws {
            let first = peers.replicas(at: processes[0], named: "first")
            let second = peers.replicas(at: processes[1], named: "second")
            let both = peers.replicas(at: processes[0], processes[1])
            let once = Task { try await both.run(named: "once", routingKey: 0) }
            let again = Task { try await both.run(named: "again", routingKey: 0, isIdempotent: true) }
            try await eventually("both run") { try await first.figures().begun == 2 }
            try await lose()
            let error = await #expect(throws: CallError.self) { try await once.value }
            #expect(error?.code == .connectionLost && error?.mayHaveRun == true)
            #expect(error?.message.contains(words) == true, "\(String(describing: error))")
            try await again.value
            for _ in 0..<20 { try await both.run(named: "later", routingKey: 0, isIdempotent: true) }
            #expect(try await second.runs(named: "once") == 0)
            #expect(try await second.runs(named: "again") == 1)
            #expect(try await second.runs(named: "later") == 20)
        }

        @Test func `a stopped process is lost by its silence, and what may be repeated succeeds elsewhere`()
            async throws
        {
            try await withPeerProcesses(Self.hangingAndFine, limits: Self.alert) { _, peers, processes in
                try await Self.expectLoss(of: processes, peers, saying: "nothing was heard") {
                    try await processes[0].stop()
                }
                // It goes on, and is found again.
                try await processes[0].signal(SIGCONT)
                let first = peers.replicas(at: processes[0], named: "first")
                try await eventually("the process is back") { (try? await first.echo([1])) == [1] }
                try await eventually("what it ran for nobody has ended") {
                    let figures = try await first.figures()
                    return figures.cancelled == 2 && figures.running == 1
                }
            }
        }

        @Test func `a process that is stopped before the hello is unreachable, and nothing has run`() async throws {
            try await withPeerProcesses(limits: Self.alert) { loop, peers, processes in
                try await processes[0].stop()
                let error = await #expect(throws: CallError.self) {
                    try await peers.replicas(at: processes[0]).run(
                        named: "early", context: CallContext(deadline: loop.now + .seconds(60)))
                }
                #expect(error?.code == .unreachable && error?.mayHaveRun == false)
            }
        }

        @Test func `a killed process fails its calls at once, and what may be repeated succeeds elsewhere`()
            async throws
        {
            // With the usual limits: nobody waits for a silence.
            try await withPeerProcesses(Self.hangingAndFine) { _, peers, processes in
                try await Self.expectLoss(of: processes, peers, saying: "closed the connection") {
                    try await processes[0].signal(SIGKILL)
                }
            }
        }

        @Test func `a call that is made after its process was killed did not run`() async throws {
            try await withPeerProcesses { _, peers, processes in
                let set = peers.replicas(at: processes[0])
                _ = try await set.echo([1])
                try await processes[0].kill()
                // The connection's end may not be known here yet: then the request is sent, to nobody.
                var error: CallError?
                try await eventually("the loss is known") {
                    error = await #expect(throws: CallError.self) { try await set.run(named: "late") }
                    return error?.code != .connectionLost
                }
                #expect(error?.code == .unreachable && error?.mayHaveRun == false)
            }
        }

        @Test func `calls that wait for a hello when the process is killed did not run`() async throws {
            try await withPeerProcesses { loop, _, processes in
                try await processes[0].stop()
                let channel = RPCChannel(loop: loop, address: processes[0].address, hello: .peer(name: "test"))
                let waiting = (0..<3).map { _ in
                    Task {
                        try await channel.call(
                            PeerMethod.hang.key, context: CallContext(), encode: { _ in }, decode: { _ in })
                    }
                }
                try await eventually("they wait for a connection") { channel.callsInFlight == 3 }
                try await processes[0].kill()
                for call in waiting {
                    let error = await #expect(throws: CallError.self) { try await call.value }
                    #expect(error?.code == .unreachable && error?.mayHaveRun == false)
                }
                await channel.close()
            }
        }

        @Test func `a killed process that comes back at its address is used again`() async throws {
            try await withPeerProcesses { loop, peers, processes in
                let set = peers.replicas(at: processes[0])
                _ = try await set.echo([1])
                try await processes[0].kill()
                var options = PeerOptions()
                options.address = processes[0].address
                let successor = try await PeerProcess.start(options, loop: loop)
                try await eventually("it is found") { (try? await set.echo([2])) == [2] }
                await peers.close()
                #expect(try await successor.end() == .exited(0))
            }
        }
    }
}
