import Testing

@testable import WeaverCore

@Suite struct LatencyHistogramTests {
    private func quantile(_ quantile: Double, of durations: [UInt64]) -> UInt64? {
        var histogram = LatencyHistogram()
        for duration in durations { histogram.record(nanoseconds: duration) }
        return histogram.nanoseconds(at: quantile)
    }

    @Test func nothingRecordedHasNoQuantile() {
        #expect(LatencyHistogram().nanoseconds(at: 0.5) == nil)
    }

    @Test func everyDurationIsFoundWithinTheStatedError() {
        var durations: [UInt64] = [0, 1, 1023, 1024, 16 * 1024 - 1, 16 * 1024]
        var duration: UInt64 = 1
        while duration < 1 << 42 {
            durations += [duration - 1, duration, duration + 1, duration + duration / 3]
            duration += max(1, duration / 7)
        }
        for duration in durations where duration < 1 << 42 {
            let found = quantile(0.5, of: [duration]) ?? 0
            let error = found > duration ? found - duration : duration - found
            #expect(error <= max(512, duration / 32), "\(duration): \(found)")
        }
    }

    @Test func bucketsHaveNoGapAndNoOverlap() {
        var last: UInt64?
        var distinct = 0
        for units in stride(from: UInt64(0), to: 1 << 16, by: 1) {
            let found = quantile(1, of: [units << 10])
            if found != last { distinct += 1 }
            #expect((last ?? 0) <= found ?? 0)
            last = found
        }
        // 16 single units, and 12 powers of two from 2^4 to 2^15 with 16 buckets each.
        #expect(distinct == 16 + 12 * 16)
        #expect(LatencyHistogram.bucketCount == 464)
    }

    @Test func whatIsLongerThanTheLastBucketCountsThere() {
        #expect(quantile(1, of: [.max]) == quantile(1, of: [UInt64((1 << 32) - 1) << 10]))
    }

    @Test func quantilesAreRanks() {
        let hundred = (1...100).map { UInt64($0) * 10_000_000 }
        for (part, expected) in [(0.0, 10), (0.01, 10), (0.5, 500), (0.99, 990), (1.0, 1000)] {
            let found = Double(quantile(part, of: hundred) ?? 0) / 1e6
            #expect(abs(found - Double(expected)) <= Double(expected) / 32, "\(part): \(found)")
        }
    }
}
