import Testing

@testable import WeaverCore

@Suite struct LoadMapTests {
    private static let whole: [(first: UInt64, last: UInt64)] = [(0, .max)]

    private static func report(_ parts: [UInt64], hot: [KeyCalls] = [], seconds: Double = 1) -> LoadReport {
        LoadReport(
            component: "C", version: 1, seconds: seconds,
            slices: [
                SliceLoad(
                    first: 0, last: .max, calls: parts.reduce(0, +), distinctKeys: 0, partCalls: parts, hotKeys: hot)
            ])
    }

    private static func map(_ reports: [[LoadReport]]) -> LoadMap {
        var map = LoadMap()
        map.merge(reports, slices: whole, halfLife: 5, leastKey: 0)
        return map
    }

    @Test func `rates of replicas add up, whatever time each has counted`() {
        let parts = Array(repeating: UInt64(100), count: 16)
        let map = Self.map([
            [Self.report(parts, seconds: 1)], [Self.report(parts, seconds: 1), Self.report(parts, seconds: 3)],
        ])
        #expect(abs(map.total - 1600 - 800) < 1e-6)
        #expect(map.evidence == 4800)
        #expect(abs(map.rate(first: 0, last: .max / 2) - 1200) < 1e-6)
        #expect(map.rate(first: 7, last: 7) < 1e-9)
    }

    @Test func `a sketch's estimate is bounded by what its part has counted`() {
        let parts = (0..<16).map { UInt64($0 == 0 ? 50 : 0) }
        let map = Self.map([[Self.report(parts, hot: [KeyCalls(key: 3, calls: 60), KeyCalls(key: 9, calls: 40)])]])
        #expect(abs(map.total - 50) < 1e-9)
        #expect(map.keys == [3, 9])
        #expect(zip(map.keyRates, [30.0, 20.0]).allSatisfy { abs($0 - $1) < 1e-9 })
        #expect(abs(map.rate(first: 9, last: 9) - 20) < 1e-9)
        // A key of a part that has counted nothing.
        let none = Self.map([[Self.report(Array(repeating: 0, count: 16), hot: [KeyCalls(key: 3, calls: 60)])]])
        #expect(none.total == 0 && none.keys.isEmpty)
    }

    @Test func `the past fades by half in its half-life, and what is reported in no time changes nothing`() {
        let parts = Array(repeating: UInt64(1000), count: 16)
        var map = Self.map([[Self.report(parts, hot: [KeyCalls(key: 1, calls: 500)], seconds: 5)]])
        let silence = { (seconds: Double) in
            [[LoadReport(component: "C", version: 1, seconds: seconds, slices: [])]]
        }
        map.merge(silence(0.001), slices: Self.whole, halfLife: 5, leastKey: 0)
        #expect(abs(map.total - 3200) < 2)
        map.merge(silence(5), slices: Self.whole, halfLife: 5, leastKey: 0)
        #expect(abs(map.total - 3200 / 3) < 2)
        #expect(abs(map.evidence - 8000) < 2)
        map.merge(silence(1000), slices: Self.whole, halfLife: 5, leastKey: 0)
        #expect(map.total == 0 && map.evidence == 0)
    }

    @Test func `a key that is not hot any more is a part of its range again`() {
        let parts = (0..<16).map { UInt64($0 == 0 ? 1000 : 0) }
        var map = LoadMap()
        map.merge(
            [[Self.report(parts, hot: [KeyCalls(key: 3, calls: 500), KeyCalls(key: 9, calls: 5)])]],
            slices: Self.whole, halfLife: 5, leastKey: 0.01)
        #expect(map.keys == [3])
        #expect(abs(map.total - 1000) < 1e-9)
    }

    @Test func `a range is cut where its load is, at keys and at the ends of the key space`() {
        let parts = Array(repeating: UInt64(100), count: 16)
        let map = Self.map([[Self.report(parts, hot: [KeyCalls(key: 0, calls: 100), KeyCalls(key: .max, calls: 100)])]])
        // 100 at key 0, 1,400 between, 100 at the last key.
        #expect(map.cut(first: 0, last: .max, load: 0) == 1)
        #expect(map.cut(first: 0, last: .max, load: 5000) == .max)
        #expect(map.cutFromEnd(first: 0, last: .max, load: 0) == .max)
        #expect(map.cutFromEnd(first: 0, last: .max, load: 5000) == 1)
        let middle = map.cut(first: 0, last: .max, load: 800)
        #expect(abs(map.rate(first: 0, last: middle - 1) - 800) < 1e-6)
        #expect(abs(map.rate(first: middle, last: .max) - 800) < 1e-6)
        let late = map.cutFromEnd(first: 0, last: .max, load: 300)
        #expect(abs(map.rate(first: late, last: .max) - 300) < 1e-6)
        #expect(map.cut(first: 5, last: 6, load: 1) == 6)
        #expect(map.cutFromEnd(first: 5, last: 6, load: 1) == 6)
    }
}
