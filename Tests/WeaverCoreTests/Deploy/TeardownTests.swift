import Testing
import WeaverCore

@Suite struct TeardownTests {
    @Test func `the steps come in their order, and the last one is repeated`() {
        let teardown = Teardown(components: 1)
        #expect((0..<6).map { teardown.step($0).step } == [.release, .drain, .shutdown, .terminate, .kill, .kill])
    }

    @Test(arguments: [1, 2, 7])
    func `the deployer waits for as long as a process may take, however many components it hosts`(components: Int) {
        let teardown = Teardown(components: components)
        #expect(teardown.step(1).bound > EndBounds.drain)
        let ownTime =
            EndBounds.lastCalls + EndBounds.lastStarts + EndBounds.stop * components + EndBounds.flush + EndBounds.flush
        #expect(teardown.step(2).bound > ownTime)
        #expect(EndBounds.leaving(components: components) > EndBounds.drain + ownTime)
    }
}
