/// Paces the calls that wait to be run by one loop: how long it runs them before it looks at its input again, and whether
/// a call that arrives can still begin in time.
///
/// A loop that ran all that wait would leave what arrives meanwhile in the kernel, where nobody can refuse it: its callers
/// would wait until their deadlines, and the loop then run what nobody waits for. So it runs slices of ``sliceLength``,
/// and between them reads and refuses at once.
///
/// Operation: ``begin(now:)`` when calls are to be run; before each of them ``mayRunNext()`` and, where that says no,
/// ``look(now:)``, which is every few calls, because a clock costs as much as a small call's share of everything else;
/// ``ranOut()`` when none is left.
package struct CallPacing: Sendable {
    /// How long calls are run before the loop looks at its input.
    package static let sliceLength: Duration = .milliseconds(1)
    /// After how many calls the clock is looked at, at the latest.
    package static let maximumStride = 16

    private static let slice = sliceLength.clampedNanoseconds

    /// Calls until the clock is looked at, and how many it is each time: about a quarter of a slice.
    private var left = CallPacing.maximumStride
    private var stride = CallPacing.maximumStride
    /// When the calls counted in `begun` began to be run, one after the other.
    private var mark = MonotonicTime(nanoseconds: 0)
    private var begun: UInt64 = 0
    private var sliceBegin = MonotonicTime(nanoseconds: 0)
    private var begunInSlice: UInt64 = 0
    /// Whether calls have waited since the last slice, and whether a slice has ended since they do.
    private var hasBacklog = false
    private var isLongBacklog = false

    /// Whether the slice has ended while calls waited.
    package private(set) var isOver = false
    /// Nanoseconds from one call's beginning to the next one's while many wait, all else included that the loop does then.
    package private(set) var costPerCall: UInt64 = 0

    package init() {}

    /// A slice begins.
    package mutating func begin(now: MonotonicTime) {
        if hasBacklog, begunInSlice > 0 {
            isLongBacklog = true
            learn(Self.nanoseconds(from: sliceBegin, to: now) / begunInSlice)
        }
        hasBacklog = true
        isOver = false
        (sliceBegin, begunInSlice) = (now, 0)
        (mark, begun) = (now, 0)
    }

    /// Whether one more call may be run without a look at the clock.
    @inline(__always)
    package mutating func mayRunNext() -> Bool {
        guard left > 0, !isOver else { return false }
        left &-= 1
        begun &+= 1
        return true
    }

    /// Whether one more call may be run at `now`.
    package mutating func look(now: MonotonicTime) -> Bool {
        guard !isOver else { return false }
        if begun > 0 {
            let cost = Self.nanoseconds(from: mark, to: now) / begun
            stride = Int(min(max(Self.slice / 4 / max(cost, 1), 1), UInt64(Self.maximumStride)))
            if !isLongBacklog { learn(cost) }
            begunInSlice += begun
            (mark, begun) = (now, 0)
        }
        left = stride
        isOver = Self.nanoseconds(from: sliceBegin, to: now) >= Self.slice
        return mayRunNext()
    }

    private mutating func learn(_ sample: UInt64) {
        costPerCall = costPerCall == 0 ? sample : (costPerCall / 4) * 3 + sample / 4
    }

    private static func nanoseconds(from earlier: MonotonicTime, to later: MonotonicTime) -> UInt64 {
        later > earlier ? later.nanoseconds - earlier.nanoseconds : 0
    }

    /// No call waits any more.
    package mutating func ranOut() {
        hasBacklog = false
        isLongBacklog = false
    }

    /// Whether a call that has `timeLeft` nanoseconds (0 is for ever) comes too late behind `waiting` others: it would
    /// have to wait for more than half of its time, and the estimate may be wrong by as much.
    @inline(__always)
    package func isTooLate(timeLeft: UInt64, behind waiting: Int) -> Bool {
        guard waiting > 0, timeLeft > 0 else { return false }
        let (wait, overflow) = costPerCall.multipliedReportingOverflow(by: UInt64(waiting))
        return overflow || wait > timeLeft / 2
    }
}
