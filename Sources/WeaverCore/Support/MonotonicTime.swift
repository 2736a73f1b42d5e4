/// A point on the monotonic clock of this machine, in nanoseconds. Values of it are passed into the core, which never
/// reads a clock itself.
public struct MonotonicTime: Comparable, Hashable, Sendable {
    /// Nanoseconds since a point that is fixed while the machine runs.
    public var nanoseconds: UInt64

    /// The point `nanoseconds` after the clock's zero.
    @inlinable
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// Earlier is less.
    public static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The point `duration` later; beyond the clock's end it stays at the end.
    public static func + (time: Self, duration: Duration) -> Self {
        time.advanced(nanoseconds: duration.clampedNanoseconds)
    }

    /// The point so many nanoseconds later; beyond the clock's end it stays at the end.
    @inlinable
    package func advanced(nanoseconds count: UInt64) -> MonotonicTime {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(count)
        return MonotonicTime(nanoseconds: overflow ? .max : sum)
    }

    /// The time from `earlier` to `later`; zero when `earlier` is the later one.
    public static func - (later: Self, earlier: Self) -> Duration {
        later > earlier ? .nanoseconds(Int64(clamping: later.nanoseconds - earlier.nanoseconds)) : .zero
    }
}

extension Duration {
    /// Whole nanoseconds, at least 0 and at most `UInt64.max`.
    package var clampedNanoseconds: UInt64 {
        // Not `components`: that is three times the work, and each request of the proxy adds durations to several times.
        UInt64(clamping: attoseconds / 1_000_000_000)
    }

    /// Whole milliseconds, rounded up so that a timer never fires early.
    package var ceilingMilliseconds: UInt64 {
        clampedNanoseconds.dividedRoundingUp(by: 1_000_000)
    }
}

extension UInt64 {
    /// The quotient, rounded up.
    package func dividedRoundingUp(by divisor: UInt64) -> UInt64 {
        self / divisor + (self % divisor == 0 ? 0 : 1)
    }
}
