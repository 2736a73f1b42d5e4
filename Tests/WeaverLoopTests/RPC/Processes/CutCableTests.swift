import RPCTestProtocol
import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

extension PeerProcesses {
    /// A process behind a cable that is cut: no packet comes, no end of the connection, no error.
    @Suite(
        .enabled("network namespaces need root and the program `ip` (iproute2)") {
            await NetworkNamespace.areAvailable.value
        })
    struct CutCableTests {
        @Test func `a cut cable is noticed by the silence, and what may be repeated succeeds elsewhere`() async throws {
            let limits = LostPeerTests.alert
            try await withPeerProcesses(limits: limits) { loop, peers, processes in
                try await NetworkNamespace.with(loop: loop) { namespace in
                    var options = PeerOptions()
                    options.address = namespace.address
                    options.hangs = true
                    options.limits = limits
                    let far = try await PeerProcess.start(options, prefix: namespace.prefix, loop: loop)
                    try await LostPeerTests.expectLoss(
                        of: [far, processes[0]], peers, saying: "nothing was heard"
                    ) {
                        try await namespace.cutCable()
                    }
                    // Mended, the process is found again. It has noticed the silence too, and cancelled what ran.
                    try await namespace.mendCable()
                    let first = peers.replicas(at: far, named: "first")
                    try await eventually("the far process is back") { (try? await first.echo([1])) == [1] }
                    try await eventually("what it ran for nobody has ended") {
                        let figures = try await first.figures()
                        return figures.cancelled == 2 && figures.running == 1
                    }
                    await peers.close()
                    #expect(try await far.end() == .exited(0))
                }
            }
        }
    }
}
