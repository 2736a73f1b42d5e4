import Testing
import WeaverCore

@Suite struct RestartPolicyTests {
    private let limits = RestartPolicy.Limits()

    private func time(_ seconds: Int) -> MonotonicTime { MonotonicTime(nanoseconds: UInt64(seconds) * 1_000_000_000) }

    /// What is decided on deaths at `times`, each so long after the process was ready.
    private func decisions(at times: [Int], readyFor: Duration?, random: UInt64 = 0) -> [RestartPolicy.Decision] {
        var policy = RestartPolicy()
        return times.map { policy.died(readyFor: readyFor, now: time($0), random: random) }
    }

    @Test func `the wait doubles with each failure in a row, and the last one gives up`() {
        let decisions = decisions(at: Array(0..<limits.failuresInARow), readyFor: nil)
        #expect(decisions.dropLast() == [100, 200, 400, 800, 1600].map { .restart(after: .milliseconds($0)) }[...])
        #expect(decisions.last == .giveUp(reason: "it failed 6 times in a row"))
    }

    @Test func `a death at the edge of being stable is no failure, and just before it is one`() {
        var policy = RestartPolicy()
        for second in 0..<limits.failuresInARow - 1 { _ = policy.died(readyFor: nil, now: time(second), random: 0) }
        var other = policy
        let early = policy.died(readyFor: limits.stableAfter - .nanoseconds(1), now: time(9), random: 0)
        #expect(early == .giveUp(reason: "it failed 6 times in a row"))
        let stable = other.died(readyFor: limits.stableAfter, now: time(9), random: 0)
        guard case .restart = stable else {
            Issue.record("\(stable)")
            return
        }
    }

    @Test func `killing by hand a few times does not make the wait longer`() {
        let decisions = decisions(at: [0, 10, 20], readyFor: .seconds(8))
        #expect(decisions == Array(repeating: .restart(after: limits.firstDelay), count: limits.deathsWithoutDelay))
    }

    @Test func `what dies every three seconds is slowed down to the longest wait, and given up`() {
        var policy = RestartPolicy()
        var now = time(0)
        var waits: [Duration] = []
        while waits.count < 100 {
            now = now + .seconds(3)
            guard case .restart(let wait) = policy.died(readyFor: .seconds(2), now: now, random: 0) else { break }
            waits.append(wait)
            now = now + wait
        }
        #expect(waits.count == limits.deathsInWindow - 1)
        #expect(waits.last == limits.longestDelay)
        #expect(waits == waits.sorted())
    }

    @Test func `deaths are forgotten when the window has passed`() {
        let step = Int(limits.window.components.seconds) / (limits.deathsInWindow - 1) + 1
        let decisions = decisions(at: (0..<100).map { $0 * step }, readyFor: .seconds(5))
        #expect(!decisions.contains { if case .giveUp = $0 { true } else { false } })
    }

    @Test func `jitter adds at most its percentage`() {
        let longest = decisions(at: [0], readyFor: nil, random: UInt64(limits.jitterPercent))
        #expect(longest == [.restart(after: limits.firstDelay * 120 / 100)])
        let wrapped = decisions(at: [0], readyFor: nil, random: UInt64(limits.jitterPercent) + 1)
        #expect(wrapped == [.restart(after: limits.firstDelay)])
    }

    @Test func `a shortage waits longer and longer, never gives up, and is forgotten by the next death`() {
        var policy = RestartPolicy()
        let waits = (0..<50).map { _ in policy.couldNotStart(random: 0) }
        #expect(waits.prefix(3) == [.milliseconds(100), .milliseconds(200), .milliseconds(400)])
        #expect(waits.last == limits.longestDelay)
        _ = policy.died(readyFor: .seconds(5), now: time(0), random: 0)
        #expect(policy.couldNotStart(random: 0) == limits.firstDelay)
    }
}
