import Testing

@testable import WeaverCore

@Suite struct LoadLimitsTests {
    private func slice(
        _ keys: ClosedRange<UInt64> = 0...1599, calls: UInt64 = 100, distinct: UInt64 = 10, parts: [UInt64]? = nil,
        hot: [KeyCalls] = []
    ) -> SliceLoad {
        let count = SliceLoad.partCount(first: keys.lowerBound, last: keys.upperBound)
        return SliceLoad(
            first: keys.lowerBound, last: keys.upperBound, calls: calls, distinctKeys: distinct,
            partCalls: parts ?? [calls] + Array(repeating: 0, count: count - 1), hotKeys: hot)
    }

    private func problem(_ slices: SliceLoad..., seconds: Double = 1) -> String? {
        LoadReport(component: "C", version: 1, seconds: seconds, slices: slices).problem
    }

    @Test func `what makes sense is taken, up to the ends of the key space`() {
        #expect(problem() == nil)
        #expect(problem(slice(0 ... .max)) == nil)
        #expect(problem(slice(0...0, distinct: 1), slice(1...9), slice(10 ... .max - 1), slice(.max ... .max)) == nil)
        #expect(problem(slice(5...9), slice(11...12)) == nil)
        #expect(problem(slice(calls: 0, distinct: 0)) == nil)
    }

    @Test func `times that give no rate are refused`() {
        for seconds in [0, -1, .nan, .infinity, -.infinity, LoadLimits.seconds.nextDown] {
            #expect(problem(seconds: seconds) != nil, "\(seconds)")
        }
        #expect(problem(seconds: LoadLimits.seconds) == nil)
        #expect(problem(seconds: .greatestFiniteMagnitude) == nil)
    }

    @Test func `slices out of order, overlapping, or ending before they begin are refused`() {
        #expect(problem(slice(10...19), slice(0...9)) != nil)
        #expect(problem(slice(0...10), slice(10...19)) != nil)
        #expect(problem(slice(0 ... .max), slice(0...9)) != nil)
        #expect(problem(slice(0...9), slice(0...9)) != nil)
        var backwards = slice(5...9)
        backwards.last = 4
        #expect(problem(backwards) != nil)
    }

    @Test func `as many slices as are counted are taken and no more`() {
        func report(_ count: Int) -> LoadReport {
            let slices = (0..<UInt64(count)).map { slice($0 << 20...($0 << 20 + 99)) }
            return LoadReport(component: "C", version: 1, seconds: 1, slices: slices)
        }
        #expect(report(LoadLimits.slices).problem == nil)
        #expect(report(LoadLimits.slices + 1).problem != nil)
    }

    @Test func `numbers that would overflow in a sum are refused`() {
        let most = LoadLimits.calls
        #expect(problem(slice(calls: most)) == nil)
        #expect(problem(slice(calls: most + 1)) != nil)
        #expect(problem(slice(0...99, calls: most), slice(100...199, calls: 1)) != nil)
        #expect(problem(slice(calls: .max)) != nil)
        #expect(problem(slice(calls: 8, parts: Array(repeating: 1 << 63, count: 16))) != nil)
    }

    @Test func `parts that are not those of the slice are refused`() {
        #expect(problem(slice(calls: 100, parts: [100])) != nil)
        #expect(problem(slice(calls: 100, parts: Array(repeating: 5, count: 20))) != nil)
        #expect(problem(slice(calls: 100, parts: Array(repeating: 5, count: 16))) != nil)
        #expect(problem(slice(calls: 80, parts: Array(repeating: 5, count: 16))) == nil)
        #expect(problem(slice(0...2, calls: 6, distinct: 3, parts: [1, 2, 3])) == nil)
        #expect(problem(slice(0...2, calls: 6, distinct: 3, parts: [1, 2, 3, 0])) != nil)
    }

    @Test func `more different keys than calls are refused`() {
        #expect(problem(slice(calls: 100, distinct: 100)) == nil)
        #expect(problem(slice(calls: 100, distinct: 101)) != nil)
    }

    @Test func `hot keys outside, twice, out of order, too many or busier than their slice are refused`() {
        func hot(_ keys: (UInt64, UInt64)...) -> String? {
            problem(slice(100...1699, hot: keys.map { KeyCalls(key: $0.0, calls: $0.1) }))
        }
        #expect(hot((100, 50), (1699, 50)) == nil)
        #expect(hot((99, 1)) != nil)
        #expect(hot((1700, 1)) != nil)
        #expect(hot((200, 3), (201, 2), (200, 1)) != nil)
        #expect(hot((200, 2), (201, 3)) != nil)
        #expect(hot((200, 101)) != nil)
        func count(_ count: Int) -> String? {
            problem(slice(hot: (0..<UInt64(count)).map { KeyCalls(key: $0, calls: 1) }))
        }
        #expect(count(SliceLoad.maximumHotKeys) == nil)
        #expect(count(SliceLoad.maximumHotKeys + 1) != nil)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `what is counted makes sense, whatever was called`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var recorder = LoadRecorder(component: "C")
        let starts = Set((0..<100).map { _ in generator.next() >> UInt64.random(in: 0...63, using: &generator) })
        let slices = starts.union([0]).sorted().map { KeySlice(start: $0, replicas: []) }
        let assignment = try #require(Assignment(version: 1, slices: slices))
        recorder.update(assignment, now: MonotonicTime(nanoseconds: 0))
        for _ in 0..<20_000 { recorder.add(generator.next() >> UInt64.random(in: 0...63, using: &generator)) }
        let report = recorder.report(now: MonotonicTime(nanoseconds: 1_000_000))
        #expect(try #require(report).problem == nil, "seed \(seed)")
    }
}
