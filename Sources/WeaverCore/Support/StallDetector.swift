/// Decides, from samples taken outside a loop, whether one of its ticks is stuck.
package struct StallDetector {
    private let limit: Duration
    private var round: UInt64?
    private var since = MonotonicTime(nanoseconds: 0)
    private var reportAt = MonotonicTime(nanoseconds: 0)

    /// A tick longer than `limit` is reported, and again each time that `limit` has passed.
    package init(limit: Duration) {
        self.limit = limit
    }

    /// Takes a sample: the number of ticks so far and whether one is under way. Gives how long the tick has lasted
    /// when that shall be reported now.
    package mutating func observe(round: UInt64, isBusy: Bool, now: MonotonicTime) -> Duration? {
        guard isBusy, round == self.round else {
            self.round = isBusy ? round : nil
            since = now
            reportAt = now + limit
            return nil
        }
        guard now >= reportAt else { return nil }
        reportAt = now + limit
        return now - since
    }
}
