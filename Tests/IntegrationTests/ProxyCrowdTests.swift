import Foundation
import Testing

extension Integration {
    /// `weaver proxy` in front of many clients that are not nice: see `Fixtures/Python/proxy_crowds.py`, which looks at the
    /// proxy's open files and memory.
    @Suite(.serialized, .enabled(if: Python.isNamed, Binaries.howToBuild)) struct ProxyCrowdTests {
        private func run(_ crowd: String) async throws {
            let sandbox = try Sandbox()
            let script = try Program(
                Python.interpreter, ["\(Python.fixtures)/proxy_crowds.py", crowd, Binaries.weaver], in: sandbox)
            let code = try await script.exitCode(within: .seconds(120))
            #expect(code == 0, "\(script.errors)")
            #expect(script.output == "\(crowd): done\n")
        }

        @Test func aFloodGivesEveryDescriptorBack() async throws { try await run("flood") }

        @Test func connectionsThatWaitCostAtMost16KiBWhateverTheyCarriedBefore() async throws { try await run("idle") }

        @Test func clientsAndBackendsThatWriteSingleBytesDisturbNobody() async throws { try await run("drip") }

        @Test func clientsThatDoNotReadCostABoundedAmountOfMemory() async throws { try await run("deaf") }
    }
}
