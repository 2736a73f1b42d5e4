import Testing

@testable import WeaverCore

@Suite struct PartIndexTests {
    private func check(
        _ first: UInt64, _ last: UInt64, tolerance: UInt64 = 0, at sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let index = PartIndex(first: first, last: last)
        let count = SliceLoad.partCount(first: first, last: last)
        #expect(index[first] == 0, "\(first)...\(last)", sourceLocation: sourceLocation)
        #expect(index[last] == count - 1, "\(first)...\(last)", sourceLocation: sourceLocation)
        for part in 1..<max(count, 2) where part < count {
            let start = SliceLoad.partStart(part, first: first, last: last)
            #expect(index[start + tolerance] == part, "\(first)...\(last)", sourceLocation: sourceLocation)
            #expect(index[start - 1 - tolerance] == part - 1, "\(first)...\(last)", sourceLocation: sourceLocation)
        }
    }

    @Test func `the parts of small slices begin where the report's reader takes them to begin`() {
        for keys in 1...2000 as ClosedRange<UInt64> {
            check(0, keys - 1)
            check(.max - keys + 1, .max)
        }
    }

    @Test func `all widths below 2^58 are exact`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<20_000 {
            let width = max(1, generator.next() >> UInt64.random(in: 6...63, using: &generator))
            let first = UInt64.random(in: 0...(.max - width), using: &generator)
            check(first, first + width - 1)
        }
        for bits in 0..<58 as Range<UInt64> {
            check(0, 1 << bits - 1)
            check(3, 3 + 1 << bits)
        }
    }

    @Test func `in the widest slices a boundary is off by two keys at most`() {
        check(0, .max)
        check(0, .max - 1, tolerance: 2)
        check(1, .max, tolerance: 2)
        check(1 << 63, .max)
        var generator = SeededGenerator(seed: 8)
        for _ in 0..<20_000 {
            let width = generator.next() >> UInt64.random(in: 0...6, using: &generator) | 1 << 57
            let first = UInt64.random(in: 0...(.max - width), using: &generator)
            check(first, first + width, tolerance: 2)
        }
    }
}
