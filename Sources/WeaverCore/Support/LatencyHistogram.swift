/// Counts of durations in fixed log-linear buckets, from which quantiles are read.
///
/// The clock's nanoseconds are counted in units of 1024 ns. Below 16 units each unit has a bucket; above, each power of
/// two is cut into 16 buckets of equal width. A quantile is the middle of its bucket: it is wrong by at most half a unit
/// (512 ns) below 16 units, and by at most 1/32 (3.2 %) above. From 2^32 units (73 minutes) up everything counts as the
/// last bucket. 464 buckets, 3.7 kB; recording is a few instructions and allocates nothing.
package struct LatencyHistogram: Sendable, Equatable {
    private static let unitBits = 10
    private static let subBits = 4
    private static let largest: UInt64 = (1 << 32) - 1

    /// How many buckets there are.
    package static let bucketCount = bucket(of: largest) + 1

    private var counts = [UInt64](repeating: 0, count: bucketCount)
    /// How many durations were recorded.
    package private(set) var count: UInt64 = 0

    /// Nothing recorded.
    package init() {}

    /// Counts one duration.
    package mutating func record(nanoseconds: UInt64) {
        counts[Self.bucket(of: min(nanoseconds >> Self.unitBits, Self.largest))] &+= 1
        count &+= 1
    }

    /// The duration, in nanoseconds, that a part `quantile` (0 to 1) of what was recorded does not exceed; nil when
    /// nothing was.
    package func nanoseconds(at quantile: Double) -> UInt64? {
        guard count > 0 else { return nil }
        let rank = min(max(UInt64((Double(count) * quantile).rounded(.up)), 1), count)
        var seen: UInt64 = 0
        for bucket in counts.indices {
            seen += counts[bucket]
            if seen >= rank { return Self.middle(of: bucket) }
        }
        preconditionFailure("the buckets hold less than was counted")
    }

    private static func bucket(of units: UInt64) -> Int {
        guard units >= 1 << subBits else { return Int(units) }
        let shift = 63 - units.leadingZeroBitCount - subBits
        return (shift << subBits) + Int(units >> UInt64(shift))
    }

    private static func middle(of bucket: Int) -> UInt64 {
        let shift = max(0, (bucket >> subBits) - 1)
        let units = UInt64(bucket - (shift << subBits))
        // The bucket's width is 2^shift units.
        return (2 * units + 1) << UInt64(shift + unitBits - 1)
    }
}
