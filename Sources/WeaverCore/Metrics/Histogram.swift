/// Counts of values in fixed log-linear buckets, from which quantiles are read: of durations in seconds, and of whatever
/// else an application records.
///
/// Each power of two is cut into 16 buckets of equal width, upper bounds included. A quantile is the middle of its bucket:
/// it is wrong by at most 1/32 (3.2 %). Up to 2^-30 (0.93 ns as seconds), zero and what is negative included, everything
/// counts as the first bucket, and above 2^50 as the last. All histograms have the same bounds, so that those of several
/// processes can be added. Counts are kept from the lowest to the highest bucket that was ever hit, in whole powers of two:
/// 128 bytes for each, ``bucketCount`` buckets (10 kB) at most. Recording is a few instructions.
package struct Histogram: Sendable, Hashable {
    private static let subBits = 4
    private static let exponents = -30..<50
    /// The bits above it are sign, exponent and the first bits of the fraction, which are the number of a bucket.
    private static let shift = Double.significandBitCount - subBits
    /// The number of the bits of the smallest value that has a bucket of its own.
    private static let base = (1023 + exponents.lowerBound) << subBits

    /// How many buckets there are.
    package static let bucketCount = 1 + exponents.count << subBits

    /// The bucket that `counts` begins with.
    private var first = 0
    private var counts: [UInt64] = []
    /// How many values were recorded.
    package private(set) var count: UInt64 = 0
    /// Their sum.
    package private(set) var sum: Double = 0

    /// Nothing recorded.
    package init() {}

    /// Counts one value; infinities and what is no number are left out.
    package mutating func record(_ value: Double) {
        guard value.isFinite else { return }
        add(1, to: Self.bucket(of: value))
        count &+= 1
        addToSum(value)
    }

    /// Counts one duration, in seconds.
    package mutating func record(nanoseconds: UInt64) { record(Double(nanoseconds) * 1e-9) }

    /// Counts what `other` has counted.
    package mutating func merge(_ other: Histogram) {
        for (index, number) in other.counts.enumerated() where number > 0 { add(number, to: other.first + index) }
        count &+= other.count
        addToSum(other.sum)
    }

    /// A sum beyond all numbers stays at the last one: what is infinite is no sum that could travel.
    private mutating func addToSum(_ value: Double) {
        sum = min(max(sum + value, -.greatestFiniteMagnitude), .greatestFiniteMagnitude)
    }

    /// The value that a part `quantile` (0 to 1) of what was recorded does not exceed; nil when nothing was.
    package func value(at quantile: Double) -> Double? {
        guard count > 0 else { return nil }
        let rank = max(1, min(count, UInt64((Double(count) * quantile).rounded(.up))))
        var seen: UInt64 = 0
        for (index, number) in counts.enumerated() {
            seen &+= number
            if seen >= rank { return Self.middle(of: first + index) }
        }
        preconditionFailure("the buckets hold less than was counted")
    }

    /// The average; nil when nothing was recorded.
    package var mean: Double? { count > 0 ? sum / Double(count) : nil }

    // MARK: Powers of two

    /// The exponents of two that bound what was recorded: the lowest one's power is not exceeded by the smallest value, the
    /// highest one's by none (but those above 2^50). Nil when nothing was recorded.
    package var octaves: ClosedRange<Int>? {
        guard let lowest = counts.firstIndex(where: { $0 > 0 }), let highest = counts.lastIndex(where: { $0 > 0 })
        else { return nil }
        return Self.octave(of: first + lowest)...Self.octave(of: first + highest)
    }

    /// How many values are at most 2^`exponent`.
    package func count(upToPower exponent: Int) -> UInt64 {
        let end = Self.bucket(of: Double(sign: .plus, exponent: exponent, significand: 1))
        return counts.prefix(max(0, end - first + 1)).reduce(0, &+)
    }

    /// The exponent of the first power of two that a bucket does not exceed.
    private static func octave(of bucket: Int) -> Int {
        exponents.lowerBound + (bucket + (1 << subBits) - 1) >> subBits
    }

    // MARK: Buckets

    private mutating func add(_ number: UInt64, to bucket: Int) {
        if bucket < first || bucket >= first + counts.count { makeRoom(for: bucket) }
        counts[bucket - first] &+= number
    }

    private mutating func makeRoom(for bucket: Int) {
        let width = 1 << Self.subBits
        let lowest = counts.isEmpty ? bucket : min(first, bucket)
        let highest = counts.isEmpty ? bucket : max(first + counts.count - 1, bucket)
        let (start, end) = (lowest / width * width, min((highest / width + 1) * width, Self.bucketCount))
        var wider = [UInt64](repeating: 0, count: end - start)
        for (index, number) in counts.enumerated() { wider[first - start + index] = number }
        (first, counts) = (start, wider)
    }

    private static func bucket(of value: Double) -> Int {
        // The predecessor's bits, so that a bound belongs to the bucket below it.
        guard value > Double(sign: .plus, exponent: exponents.lowerBound, significand: 1) else { return 0 }
        return min(Int(truncatingIfNeeded: (value.bitPattern - 1) >> UInt64(shift)) - base + 1, bucketCount - 1)
    }

    private static func middle(of bucket: Int) -> Double {
        guard bucket > 0 else { return 0 }
        let lower = Double(bitPattern: UInt64(base + bucket - 1) << UInt64(shift))
        let upper = Double(bitPattern: UInt64(base + bucket) << UInt64(shift))
        return (lower + upper) / 2
    }
}

// MARK: As it travels

extension Histogram {
    /// A bucket's number, and how many values it has.
    package struct Bucket: Hashable, Sendable {
        package var index: Int
        package var count: UInt64

        package init(index: Int, count: UInt64) {
            self.index = index
            self.count = count
        }
    }

    /// The buckets that have values, in their order.
    package var buckets: [Bucket] {
        counts.indices.filter { counts[$0] > 0 }.map { Bucket(index: first + $0, count: counts[$0]) }
    }

    /// What another process has recorded; nil for what no histogram has: buckets out of order, or that do not exist, or
    /// a sum that is no number.
    package init?(buckets: [Bucket], sum: Double) {
        guard sum.isFinite else { return nil }
        var last = -1
        for bucket in buckets {
            guard bucket.index > last, bucket.index < Self.bucketCount else { return nil }
            last = bucket.index
            add(bucket.count, to: bucket.index)
            count &+= bucket.count
        }
        self.sum = sum
    }
}

extension Histogram: Codable {
    private enum CodingKeys: CodingKey { case indices, counts, sum }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let indices = try container.decode([Int].self, forKey: .indices)
        let counts = try container.decode([UInt64].self, forKey: .counts)
        let buckets = zip(indices, counts).map { Bucket(index: $0, count: $1) }
        guard indices.count == counts.count,
            let value = Histogram(buckets: buckets, sum: try container.decode(Double.self, forKey: .sum))
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .indices, in: container, debugDescription: "buckets that no histogram has")
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(buckets.map(\.index), forKey: .indices)
        try container.encode(buckets.map(\.count), forKey: .counts)
        try container.encode(sum, forKey: .sum)
    }
}
