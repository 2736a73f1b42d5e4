import Testing

@testable import WeaverCore

@Suite struct KeepaliveTests {
    private func time(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: 0) + .seconds(seconds + 100) }

    private func machine() -> Keepalive { Keepalive(interval: .seconds(5), limit: .seconds(10), now: time(0)) }

    @Test func `silence is first asked after and then lost, each at its time`() {
        var keepalive = machine()
        #expect(keepalive.nextCheck == time(5))
        #expect(keepalive.check(now: time(5)) == .ping)
        #expect(keepalive.nextCheck == time(10))
        #expect(keepalive.check(now: time(10)) == .lost)
    }

    @Test func `anything that arrives counts, and a busy peer is never asked`() {
        var keepalive = machine()
        for second in 1...20 {
            keepalive.received(now: time(Int64(second)))
            if keepalive.nextCheck <= time(Int64(second)) {
                #expect(keepalive.check(now: time(Int64(second))) == .none)
            }
        }
        #expect(keepalive.nextCheck > time(20))
    }

    @Test func `an answered ping begins a new round`() {
        var keepalive = machine()
        #expect(keepalive.check(now: time(5)) == .ping)
        keepalive.received(now: time(6))
        #expect(keepalive.check(now: time(10)) == .none)
        #expect(keepalive.nextCheck == time(11))
        #expect(keepalive.check(now: time(11)) == .ping)
        #expect(keepalive.check(now: time(16)) == .lost)
    }

    @Test func `a process that stood still itself gives its peers another round`() {
        var keepalive = machine()
        #expect(keepalive.check(now: time(3600)) == .none)
        #expect(keepalive.check(now: time(3605)) == .ping)
    }
}
