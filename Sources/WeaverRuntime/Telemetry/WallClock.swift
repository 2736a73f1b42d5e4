#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The time of day.
package enum WallClock {
    /// Nanoseconds since 1970.
    package static var nanoseconds: UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(max(0, time.tv_sec)) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Microseconds since 1970.
    package static var microseconds: Int64 { Int64(nanoseconds / 1000) }
}
