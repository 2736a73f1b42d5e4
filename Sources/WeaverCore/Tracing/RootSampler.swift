/// Decides which traces that begin in a process are recorded: so many a second, the first ones that come. What a caller has
/// decided is kept to (a "parent-based" sampler with a limit on the rate, in the words of OpenTelemetry), so that a trace is
/// whole.
///
/// A rate, not a share: a developer sees each of a few requests, and a busy process pays no more than it was meant to.
package struct RootSampler: Sendable {
    /// Traces a second unless the config says otherwise.
    package static let defaultRate = 10
    /// What a config may say.
    package static let rates = 0...10_000

    private let rate: Int
    private var secondBegan: MonotonicTime?
    private var taken = 0

    /// A sampler of `rate` traces a second; 0 records none that begin here.
    package init(rate: Int) { self.rate = rate }

    /// Whether a trace that begins at `now` is recorded.
    package mutating func take(now: MonotonicTime) -> Bool {
        if secondBegan.map({ now >= $0 + .seconds(1) }) ?? true { (secondBegan, taken) = (now, 0) }
        guard taken < rate else { return false }
        taken += 1
        return true
    }
}
