import Testing
import WeaverCore

@Suite struct LoadReportTests {
    @Test func `the parts of a slice cover it once and differ by at most one key, up to the whole key space`() {
        let slices: [(UInt64, UInt64)] = [
            (0, .max), (.max, .max), (0, 0), (5, 7), (100, 100 + 15), (100, 100 + 16), (3, .max), (.max - 20, .max),
        ]
        for (first, last) in slices {
            let count = SliceLoad.partCount(first: first, last: last)
            let keys = UInt128(last - first) + 1
            #expect(UInt128(count) == min(keys, UInt128(SliceLoad.parts)))
            let starts = (0..<count).map { UInt128(SliceLoad.partStart($0, first: first, last: last)) }
            let widths = zip(starts, starts.dropFirst() + [UInt128(last) + 1]).map { $1 - $0 }
            #expect(starts.first == UInt128(first))
            #expect(widths.reduce(0, +) == keys)
            #expect(widths.allSatisfy { $0 == keys / UInt128(count) || $0 == keys / UInt128(count) + 1 })
        }
    }
}
