import Testing
import WeaverRuntime

@Suite("A process ends in order, once")
struct ProcessLifecycleTests {
    private func run(_ events: ProcessLifecycle.Event...) -> [ProcessLifecycle.Action?] {
        var lifecycle = ProcessLifecycle()
        return events.map { lifecycle.handle($0) }
    }

    @Test("a signal drains, stops and exits with 0")
    func signal() {
        #expect(run(.signal(15), .drained, .stopped) == [.drain, .stopComponents, .exit(0)])
    }

    @Test("a second signal ends the process at once, with the signal's code", arguments: [(2, 130), (15, 143)])
    func secondSignal(number: Int32, code: Int32) {
        #expect(run(.signal(15), .signal(number)) == [.drain, .exitAtOnce(code)])
        #expect(run(.signal(15), .drained, .signal(number)).last == .exitAtOnce(code))
    }

    @Test("serve() that returns because of the drain changes nothing")
    func serveReturnsWhileDraining() {
        #expect(run(.signal(2), .serveReturned, .drained, .stopped) == [.drain, nil, .stopComponents, .exit(0)])
    }

    @Test("serve() that returns by itself ends with 0, and that throws with 1")
    func serveEnds() {
        #expect(run(.serveReturned, .drained, .stopped) == [.drain, .stopComponents, .exit(0)])
        #expect(run(.failed, .stopped) == [.stopComponents, .exit(1)])
    }

    @Test("an error that comes while draining cuts the drain short and shows in the exit code")
    func failsWhileDraining() {
        #expect(run(.signal(2), .failed, .drained, .stopped) == [.drain, .stopComponents, nil, .exit(1)])
    }

    @Test("the deployer's end does not wait for calls in flight, and is told apart from a failure")
    func controlClosed() {
        #expect(run(.endRequested(.controlClosed), .stopped) == [.stopComponents, .exit(3)])
        #expect(
            run(.endRequested(.drain), .endRequested(.controlClosed), .drained, .stopped)
                == [.drain, .stopComponents, nil, .exit(3)])
    }

    @Test("nothing begins twice")
    func repeated() {
        #expect(run(.endRequested(.drain), .endRequested(.drain)) == [.drain, nil])
        #expect(
            run(.endRequested(.shutdown), .endRequested(.shutdown), .stopped, .stopped)
                == [.stopComponents, nil, .exit(0), nil])
    }
}
