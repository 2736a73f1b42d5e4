import Testing

@testable import WeaverTesting

@Suite struct WeaverRunnerTests {
    @Test func `a platform that cannot start replicas does not have the runner that would, and says so`() {
        #expect(WeaverRunner.all(startsProcesses: false) == [.local, .rpc])
        let error = #expect(throws: WeaverTestError.self) { try WeaverRunner.multi.check(startsProcesses: false) }
        #expect(
            error?.description == "the runner .multi is for Linux only: .allRunners leaves it out elsewhere, and .rpc "
                + "encodes and sends every call")
        #expect(throws: Never.self) { try WeaverRunner.rpc.check(startsProcesses: false) }
        #expect(throws: Never.self) { try WeaverRunner.multi.check(startsProcesses: true) }
    }

    @Test func `all runners are those of this platform`() {
        #expect(WeaverRunner.allCases == WeaverRunner.all(startsProcesses: WeaverRunner.startsProcesses))
        #expect([WeaverRunner].allRunners == WeaverRunner.allCases)
        #if os(Linux)
            #expect(WeaverRunner.allCases.contains(.multi))
        #endif
    }
}
