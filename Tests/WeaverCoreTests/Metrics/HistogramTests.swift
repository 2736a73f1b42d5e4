import Testing

@testable import WeaverCore

@Suite struct HistogramTests {
    private func histogram(_ values: [Double]) -> Histogram {
        var histogram = Histogram()
        for value in values { histogram.record(value) }
        return histogram
    }

    @Test func `nothing recorded has no quantile, mean or range`() {
        #expect(Histogram().value(at: 0.5) == nil)
        #expect(Histogram().mean == nil)
        #expect(Histogram().octaves == nil)
    }

    @Test func `every value is found within the stated error`() {
        var value = 0x1p-30
        while value < 0x1p50 {
            value = (value * 1.013).nextUp
            for value in [value, value.rounded(.up), value.binade] where value > 0x1p-30 && value <= 0x1p50 {
                let found = histogram([value]).value(at: 0.5) ?? 0
                #expect(abs(found - value) <= value / 32, "\(value): \(found)")
            }
        }
    }

    @Test func `buckets have neither gap nor overlap, and a bound belongs to the bucket below it`() {
        var buckets: [Int] = []
        for exponent in -30..<50 {
            for step in 1...16 {
                let upper = Double(sign: .plus, exponent: exponent, significand: 1 + Double(step) / 16)
                let at = histogram([upper]).buckets[0].index
                #expect(histogram([upper.nextUp]).buckets[0].index == min(at + 1, Histogram.bucketCount - 1))
                buckets.append(at)
            }
        }
        #expect(buckets == Array(1..<Histogram.bucketCount))
        #expect(Histogram.bucketCount == 1281)
    }

    @Test func `what is outside of the range counts at its ends, and what is no number not at all`() {
        let low = histogram([-5, 0, 0x1p-30])
        #expect(low.buckets == [.init(index: 0, count: 3)])
        #expect(low.value(at: 1) == 0)
        let high = histogram([0x1p51, .greatestFiniteMagnitude])
        #expect(high.buckets == [.init(index: Histogram.bucketCount - 1, count: 2)])
        #expect(histogram([.nan, .infinity, -.infinity]) == Histogram())
        // Nor is a sum beyond all numbers one that could travel.
        var large = histogram([.greatestFiniteMagnitude, .greatestFiniteMagnitude])
        large.merge(large)
        #expect(large.sum == .greatestFiniteMagnitude && large.count == 4)
        #expect(Histogram(buckets: large.buckets, sum: large.sum) == large)
    }

    @Test func `quantiles are ranks`() {
        let hundred = histogram((1...100).map { Double($0) / 100 })
        for (part, expected) in [(0.0, 0.01), (0.01, 0.01), (0.5, 0.5), (0.99, 0.99), (1.0, 1.0)] {
            let found = hundred.value(at: part) ?? 0
            #expect(abs(found - expected) <= expected / 32, "\(part): \(found)")
        }
        #expect(abs((hundred.mean ?? 0) - 0.505) < 1e-9)
    }

    @Test func `histograms of several processes add up as if one had recorded everything`() {
        var random = SeededGenerator(seed: 1)
        let parts = (0..<5).map { _ in
            (0..<50).map { _ in Double.random(in: -30...49, using: &random) }.map { exp2($0) }
        }
        var merged = Histogram()
        for part in parts { merged.merge(histogram(part)) }
        let whole = histogram(parts.flatMap { $0 })
        #expect(merged.buckets == whole.buckets)
        #expect(merged.count == 250)
        #expect(abs(merged.sum - whole.sum) <= whole.sum / 1e9)
    }

    private func exp2(_ exponent: Double) -> Double {
        Double(sign: .plus, exponent: Int(exponent.rounded(.down)), significand: 1 + exponent - exponent.rounded(.down))
    }

    @Test func `powers of two bound what was recorded`() {
        let some = histogram([0.75, 1, 1.5, 2, 3])
        #expect(some.octaves == 0...2)
        #expect((-1...2).map { some.count(upToPower: $0) } == [0, 2, 4, 5])
        #expect(some.count(upToPower: -40) == 0)
        #expect(some.count(upToPower: 60) == 5)
    }

    @Test func `what travels is the same there, and what no histogram has is refused`() throws {
        let some = histogram([0, 0.001, 0.001, 5, 1e12])
        #expect(Histogram(buckets: some.buckets, sum: some.sum) == some)
        #expect(Histogram(buckets: [], sum: 0) == Histogram())
        #expect(Histogram(buckets: [.init(index: 2, count: 1), .init(index: 2, count: 1)], sum: 0) == nil)
        #expect(Histogram(buckets: [.init(index: -1, count: 1)], sum: 0) == nil)
        #expect(Histogram(buckets: [.init(index: Histogram.bucketCount, count: 1)], sum: 0) == nil)
        #expect(Histogram(buckets: [], sum: .nan) == nil)
        #expect(Histogram(buckets: [.init(index: Histogram.bucketCount - 1, count: .max)], sum: 0)?.count == .max)
    }

    @Test func `counts that overflow trap nobody`() {
        var histogram = Histogram(buckets: [.init(index: 1, count: .max), .init(index: 2, count: 2)], sum: 0)
        #expect(histogram?.count == 1)
        #expect(histogram?.value(at: 1) != nil)
        histogram?.record(0x1p-29)
    }
}
