import Testing
import WeaverRuntime

@Suite struct ProcessLifecycleTests {
    private func run(_ events: ProcessLifecycle.Event...) -> [ProcessLifecycle.Action?] {
        var lifecycle = ProcessLifecycle()
        return events.map { lifecycle.handle($0) }
    }

    @Test func `a signal drains, stops and exits with 0`() {
        #expect(run(.signal(15), .drained, .stopped) == [.drain, .stopComponents, .exit(0)])
    }

    @Test(arguments: [(Int32(2), Int32(130)), (15, 143)])
    func `a second signal ends the process at once, with the signal's code`(number: Int32, code: Int32) {
        #expect(run(.signal(15), .signal(number)) == [.drain, .exitAtOnce(code)])
        #expect(run(.signal(15), .drained, .signal(number)).last == .exitAtOnce(code))
    }

    @Test func `serve() that returns because of the drain changes nothing`() {
        #expect(run(.signal(2), .serveReturned, .drained, .stopped) == [.drain, nil, .stopComponents, .exit(0)])
    }

    @Test func `serve() that returns by itself ends with 0, and that throws with 1`() {
        #expect(run(.serveReturned, .drained, .stopped) == [.drain, .stopComponents, .exit(0)])
        #expect(run(.failed, .stopped) == [.stopComponents, .exit(1)])
    }

    @Test func `an error that comes while draining cuts the drain short and shows in the exit code`() {
        #expect(run(.signal(2), .failed, .drained, .stopped) == [.drain, .stopComponents, nil, .exit(1)])
    }

    @Test func `after the deployer's drain the components live on until the shutdown, for others that still call them`()
    {
        let actions = run(.drainRequested, .serveReturned, .drained, .shutdownRequested, .stopped)
        #expect(actions == [.drain, nil, nil, .stopComponents, .exit(0)])
    }

    @Test func `a first signal cuts a drain short that has another reason`() {
        #expect(run(.drainRequested, .signal(15), .drained, .stopped) == [.drain, .stopComponents, nil, .exit(0)])
        #expect(
            run(.drainRequested, .drained, .signal(15), .signal(15)).suffix(2) == [.stopComponents, .exitAtOnce(143)])
    }

    @Test func `the deployer's end does not wait for calls in flight, and is told apart from a failure`() {
        #expect(run(.controlClosed, .stopped) == [.stopComponents, .exit(3)])
        #expect(run(.drainRequested, .controlClosed, .drained, .stopped) == [.drain, .stopComponents, nil, .exit(3)])
    }

    @Test func `nothing begins twice`() {
        #expect(run(.drainRequested, .drainRequested) == [.drain, nil])
        let actions = run(.shutdownRequested, .shutdownRequested, .stopped, .stopped)
        #expect(actions == [.stopComponents, nil, .exit(0), nil])
    }
}
