/// How long to wait before the next attempt: growing by a factor up to a bound, minus a random part, so that many
/// processes that lost the same peer do not come back at once.
package struct Backoff: Equatable, Sendable {
    /// The first wait, before the random part is taken off.
    package var initial: Duration = .milliseconds(10)
    /// The longest wait.
    package var maximum: Duration = .seconds(2)
    /// By how much a wait is longer than the one before, in percent.
    package var growthPercent = 60
    /// The largest part that is taken off, in percent.
    package var jitterPercent = 40

    private var current: Duration?

    package init() {}

    /// The next wait; `random` is a fresh random number.
    package mutating func next(random: UInt64) -> Duration {
        let base = min(current ?? initial, maximum)
        current = min(base * (100 + growthPercent) / 100, maximum)
        return base - base * Int(random % UInt64(jitterPercent + 1)) / 100
    }

    /// The attempt was successful: the next wait is the first again.
    package mutating func reset() {
        current = nil
    }
}
