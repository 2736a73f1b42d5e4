internal import WeaverCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The Date field of responses, formatted once a second.
struct HTTPClock {
    private var second: Int64 = -1
    private var text: [UInt8] = []

    /// Now, as an IMF-fixdate.
    mutating func date() -> [UInt8] {
        let now = Int64(time(nil))
        if now != second {
            second = now
            text = HTTPDate.format(secondsSinceEpoch: now)
        }
        return text
    }
}
