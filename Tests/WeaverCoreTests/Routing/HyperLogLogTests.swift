import Testing

@testable import WeaverCore

@Suite struct HyperLogLogTests {
    /// The relative errors of many estimates of `count` keys each.
    private func errors(count: Int, runs: UInt64 = 200) -> [Double] {
        (0..<runs).map { seed in
            var generator = SeededGenerator(seed: seed << 32 | UInt64(count))
            var sketch = HyperLogLog()
            for _ in 0..<count { sketch.insert(hash: generator.next()) }
            return Double(sketch.estimate) / Double(count) - 1
        }
    }

    @Test(arguments: [1, 2, 5, 10, 30, 64, 100, 160, 200, 300, 500, 1000, 3000, 10_000])
    func `the error is that of the paper, and no size of set is estimated wrongly on average`(count: Int) {
        let errors = errors(count: count)
        let mean = errors.reduce(0, +) / Double(errors.count)
        let deviation = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
        #expect(abs(mean) < 0.03)
        #expect(deviation < 1.05 * 1.04 / 8)
    }

    @Test func `a key that comes again is not another one`() {
        var sketch = HyperLogLog()
        for _ in 0..<10_000 {
            for key in 0..<5 { sketch.insert(hash: UInt64(key) &* 0x9E37_79B9_7F4A_7C15) }
        }
        #expect(sketch.estimate == 5)
    }

    @Test func `no key is none, and the ends of the hashes have a register`() {
        #expect(HyperLogLog().estimate == 0)
        var sketch = HyperLogLog()
        sketch.insert(hash: 0)
        #expect(sketch.estimate == 1)
        sketch.insert(hash: .max)
        #expect(sketch.estimate == 2)
    }

    @Test func `the longest run of zeros in every register does not overflow the estimate`() {
        var sketch = HyperLogLog()
        for register in 0..<UInt64(HyperLogLog.registers) { sketch.insert(hash: register << 58) }
        // 64 × 2^59 × α is more.
        #expect(sketch.estimate == 1 << 63)
    }
}
