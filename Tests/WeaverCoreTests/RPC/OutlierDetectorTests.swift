import Testing

@testable import WeaverCore

@Suite struct OutlierDetectorTests {
    private static let replicas = (1...4).map { SocketAddress.ip("127.0.0.1", port: UInt16($0)) }
    private let limits = OutlierLimits()
    private let a = replicas[0]
    private let b = replicas[1]

    private func detector(of count: Int = 2, _ limits: OutlierLimits = OutlierLimits()) -> OutlierDetector {
        var detector = OutlierDetector(limits: limits)
        detector.update(Array(Self.replicas.prefix(count)))
        return detector
    }

    private func at(_ duration: Duration) -> MonotonicTime { MonotonicTime(nanoseconds: 1 << 40) + duration }

    /// Fails as many calls as it takes, over as long as it takes; gives when the last one failed.
    @discardableResult
    private func fail(
        _ replica: SocketAddress, in detector: inout OutlierDetector, from start: Duration = .zero
    ) -> Duration {
        for _ in 1..<limits.consecutiveFailures { detector.report(.failure, from: replica, now: at(start)) }
        let end = start + limits.failingTime
        detector.report(.failure, from: replica, now: at(end))
        return end
    }

    @Test func `as many failures in a row as the limit eject a replica, one fewer does not`() {
        var detector = detector()
        for _ in 1..<limits.consecutiveFailures { detector.report(.failure, from: a, now: at(.seconds(9))) }
        #expect(!detector.isEjected(a) && !detector.isQuiet)
        detector.report(.failure, from: a, now: at(.seconds(9) + limits.failingTime))
        #expect(detector.isEjected(a) && !detector.isEjected(b))
    }

    @Test func `a success in between begins the count again`() {
        var detector = detector()
        for round in 0..<10 {
            for _ in 1..<limits.consecutiveFailures { detector.report(.failure, from: a, now: at(.seconds(round))) }
            detector.report(.success, from: a, now: at(.seconds(round)))
            #expect(detector.isQuiet)
        }
        #expect(!detector.isEjected(a))
    }

    @Test func `calls that are lost together are one mishap`() {
        var detector = detector()
        for _ in 0..<1000 { detector.report(.failure, from: a, now: at(.zero)) }
        detector.report(.failure, from: a, now: at(limits.failingTime - .nanoseconds(1)))
        #expect(!detector.isEjected(a))
        detector.report(.failure, from: a, now: at(limits.failingTime))
        #expect(detector.isEjected(a))
    }

    @Test func `an outcome that says nothing neither ejects nor excuses`() {
        var detector = detector()
        for _ in 0..<100 { detector.report(.unknown, from: a, now: at(.zero)) }
        #expect(detector.isQuiet)
        for _ in 1..<limits.consecutiveFailures { detector.report(.failure, from: a, now: at(.zero)) }
        detector.report(.unknown, from: a, now: at(limits.failingTime))
        detector.report(.failure, from: a, now: at(limits.failingTime))
        #expect(detector.isEjected(a))
    }

    @Test(arguments: [(1, 0), (2, 1), (3, 1), (4, 2)])
    func `no more than the share is ejected, and never the only one`(_ count: Int, _ share: Int) {
        var detector = detector(of: count)
        #expect(detector.maximumEjected == share)
        for replica in Self.replicas.prefix(count) { fail(replica, in: &detector) }
        #expect(detector.ejectedCount == share)
    }

    @Test func `a share of nothing ejects nobody`() {
        var limits = OutlierLimits()
        limits.maximumEjectedPercent = 0
        var detector = detector(of: 4, limits)
        for replica in Self.replicas { fail(replica, in: &detector) }
        #expect(detector.ejectedCount == 0)
    }

    @Test func `an ejected replica is probed when its time has come, by one call at a time`() {
        var detector = detector()
        let ejected = fail(a, in: &detector)
        let due = ejected + limits.baseEjectionTime
        #expect(detector.takeProbe(now: at(due - .nanoseconds(1))) == nil)
        #expect(detector.takeProbe(now: at(due)) == a)
        #expect(detector.takeProbe(now: at(due)) == nil)
        #expect(detector.isEjected(a))
        detector.report(.success, from: a, now: at(due))
        #expect(!detector.isEjected(a) && detector.isQuiet)
        #expect(detector.takeProbe(now: at(due)) == nil)
    }

    @Test func `a probe without an outcome is followed by another, after its time or when it said nothing`() {
        var detector = detector()
        let due = fail(a, in: &detector) + limits.baseEjectionTime
        #expect(detector.takeProbe(now: at(due)) == a)
        let late = due + limits.probeTimeout
        #expect(detector.takeProbe(now: at(late - .nanoseconds(1))) == nil)
        #expect(detector.takeProbe(now: at(late)) == a)
        detector.report(.unknown, from: a, now: at(late))
        #expect(detector.takeProbe(now: at(late)) == a)
    }

    @Test func `each failed probe makes the ejection longer, up to the bound`() {
        var detector = detector()
        var now = fail(a, in: &detector)
        for count in 1...20 {
            let wait = min(limits.baseEjectionTime * count, limits.maximumEjectionTime)
            #expect(detector.takeProbe(now: at(now + wait - .nanoseconds(1))) == nil)
            now += wait
            #expect(detector.takeProbe(now: at(now)) == a)
            detector.report(.failure, from: a, now: at(now))
            #expect(detector.isEjected(a) && detector.ejectedCount == 1)
        }
    }

    @Test func `what was under way when a replica was ejected does not lengthen its ejection`() {
        var detector = detector()
        let ejected = fail(a, in: &detector)
        for _ in 0..<100 { detector.report(.failure, from: a, now: at(ejected + .seconds(1))) }
        #expect(detector.takeProbe(now: at(ejected + limits.baseEjectionTime)) == a)
    }

    @Test func `a replica that fails soon again is ejected for longer, one that did well for long is not`() {
        for (pause, factor) in [
            (limits.maximumEjectionTime - limits.failingTime - .nanoseconds(1), 2),
            (limits.maximumEjectionTime - limits.failingTime, 1),
        ] {
            var detector = detector()
            let back = fail(a, in: &detector) + limits.baseEjectionTime
            #expect(detector.takeProbe(now: at(back)) == a)
            detector.report(.success, from: a, now: at(back))
            let due = fail(a, in: &detector, from: back + pause) + limits.baseEjectionTime * factor
            #expect(detector.takeProbe(now: at(due - .nanoseconds(1))) == nil)
            #expect(detector.takeProbe(now: at(due)) == a)
        }
    }

    @Test func `a replica that is gone is forgotten, and its place in the share is free`() {
        var detector = detector(of: 3)
        fail(a, in: &detector)
        fail(b, in: &detector)
        #expect(detector.ejectedCount == 1)
        detector.update(Array(Self.replicas[1...]))
        #expect(detector.ejectedCount == 0 && !detector.isQuiet)
        detector.report(.failure, from: b, now: at(limits.failingTime))
        #expect(detector.isEjected(b))
        detector.update([])
        #expect(detector.isQuiet && detector.ejectedCount == 0)
    }

    @Test func `only what the transport could not do is a failure`() {
        #expect(CallOutcome(CallError(.unreachable, "")) == .failure)
        #expect(CallOutcome(CallError(.connectionLost, "", mayHaveRun: true)) == .failure)
        #expect(CallOutcome(CallError(.deadlineExceeded, "", mayHaveRun: true)) == .failure)
        // Never sent.
        #expect(CallOutcome(CallError(.deadlineExceeded, "")) == .unknown)
        for code in [
            CallError.Code.cancelled, .overloaded, .draining, .unknownMethod, .badArguments, .badReply, .notPermitted,
            .versionMismatch, .frameTooLarge, .internalError,
        ] {
            #expect(CallOutcome(CallError(code, "", mayHaveRun: true)) == .unknown, "\(code)")
        }
        // The component has answered: it was its own callee that was lost.
        #expect(CallOutcome(CallError(.unreachable, "").relayed) == .success)
    }
}
