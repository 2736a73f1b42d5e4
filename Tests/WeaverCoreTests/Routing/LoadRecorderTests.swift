import Testing

@testable import WeaverCore

@Suite struct LoadRecorderTests {
    private static func time(_ milliseconds: UInt64) -> MonotonicTime {
        MonotonicTime(nanoseconds: milliseconds * 1_000_000)
    }

    private func assignment(_ starts: [UInt64], version: UInt64 = 1) throws -> Assignment {
        try #require(Assignment(version: version, slices: starts.map { KeySlice(start: $0, replicas: ["a"]) }))
    }

    private func recorder(_ starts: UInt64...) throws -> LoadRecorder {
        var recorder = LoadRecorder(component: "Lemon.CategoryCache")
        recorder.update(try assignment(starts), now: Self.time(0))
        return recorder
    }

    private func report(_ recorder: inout LoadRecorder, at milliseconds: UInt64) throws -> LoadReport {
        let report = recorder.report(now: Self.time(milliseconds))
        return try #require(report)
    }

    @Test(arguments: 1...30 as ClosedRange<UInt64>)
    func `every call is counted once, in the slice and the part that its key is in`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        // Slices of all widths: single keys, and what is left between them.
        var starts: Set<UInt64> = [0]
        for _ in 0..<Int.random(in: 0...300, using: &generator) {
            let start = generator.next() >> UInt64.random(in: 0...63, using: &generator)
            starts.formUnion([start, start &+ 1])
        }
        let assignment = try assignment(starts.sorted(), version: seed)
        var recorder = LoadRecorder(component: "C")
        recorder.update(assignment, now: Self.time(0))
        var calls: [UInt64: UInt64] = [:]
        for _ in 0..<3000 {
            let key = generator.next() >> UInt64.random(in: 0...63, using: &generator)
            recorder.add(key)
            calls[key, default: 0] += 1
        }
        let report = try self.report(&recorder, at: 500)
        #expect(report.component == "C")
        #expect(report.version == seed)
        #expect(report.seconds == 0.5)
        #expect(report.slices.map(\.first) == report.slices.map(\.first).sorted())
        var left = calls
        for slice in report.slices {
            #expect(assignment.slice(for: slice.first)?.start == slice.first, "seed \(seed)")
            #expect(assignment.slice(for: slice.last)?.start == slice.first, "seed \(seed)")
            let keys = left.filter { (slice.first...slice.last).contains($0.key) }
            left = left.filter { keys[$0.key] == nil }
            #expect(slice.calls == keys.values.reduce(0, +), "seed \(seed)")
            #expect(slice.partCalls.count == SliceLoad.partCount(first: slice.first, last: slice.last))
            #expect(slice.partCalls.reduce(0, +) == slice.calls)
            // Five times the standard error.
            let error = abs(Double(slice.distinctKeys) - Double(keys.count))
            #expect(error <= max(2, 0.65 * Double(keys.count)), "seed \(seed)")
            #expect(slice.distinctKeys <= slice.calls, "seed \(seed)")
            for hot in slice.hotKeys { #expect(hot.calls <= keys[hot.key] ?? 0, "seed \(seed)") }
        }
        #expect(left.isEmpty, "seed \(seed)")
    }

    @Test func `the edges of slices and of the key space have their calls`() throws {
        var recorder = try recorder(0, 100, .max)
        for key in [0, 99, 100, .max - 1, .max] as [UInt64] { recorder.add(key) }
        let report = try self.report(&recorder, at: 1)
        #expect(report.slices.map(\.first) == [0, 100, .max])
        #expect(report.slices.map(\.last) == [99, .max - 1, .max])
        #expect(report.slices.map(\.calls) == [2, 2, 1])
        #expect(report.slices.map(\.partCalls.count) == [16, 16, 1])
    }

    @Test func `a hot key is reported with its slice, the busiest first`() throws {
        var recorder = try recorder(0, 1 << 63)
        let hot: [UInt64: Int] = [5: 3000, 1 << 62: 2000, 1 << 63 + 5: 4000]
        var generator = SeededGenerator(seed: 1)
        for (key, calls) in hot { for _ in 0..<calls { recorder.add(key) } }
        for _ in 0..<50_000 { recorder.add(generator.next()) }
        let report = try self.report(&recorder, at: 1000)
        #expect(report.slices.map { $0.hotKeys.map(\.key) } == [[5, 1 << 62], [1 << 63 + 5]] as [[UInt64]])
        for found in report.slices.flatMap(\.hotKeys) {
            let truth = Double(try #require(hot[found.key]))
            #expect((0.95 * truth...truth).contains(Double(found.calls)))
        }
    }

    @Test func `no more hot keys than the limit are reported of a slice, and they are the busiest`() throws {
        var recorder = try recorder(0)
        for key in 1...40 as ClosedRange<UInt64> {
            for _ in 0..<100 + key { recorder.add(SkewedKeys.place(Int(key), seed: 4)) }
        }
        let slice = try #require(self.report(&recorder, at: 1000).slices.first)
        let busiest = (0..<SliceLoad.maximumHotKeys).map { SkewedKeys.place(40 - $0, seed: 4) }
        #expect(slice.hotKeys.map(\.key) == busiest)
    }

    @Test func `a key that was called once is not hot, however few calls there were`() throws {
        var recorder = try recorder(0)
        for key in [1, 2, 3, 3] as [UInt64] { recorder.add(key << 60) }
        let slice = try #require(self.report(&recorder, at: 1).slices.first)
        #expect(slice.hotKeys == [KeyCalls(key: 3 << 60, calls: 2)])
    }

    @Test(arguments: [.max, 1 << 40, 1 << 20] as [UInt64])
    func `different keys are told apart also in a slice so narrow that they begin alike`(width: UInt64) throws {
        for seed in 0..<20 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let first = width == .max ? 0 : generator.next() >> 1
            var recorder = try recorder(0, max(1, first), max(2, first &+ width))
            var keys: Set<UInt64> = []
            while keys.count < 2000 { keys.insert(first &+ generator.next() % width) }
            for key in keys { recorder.add(key) }
            let slice = try #require(self.report(&recorder, at: 1).slices.max { $0.calls < $1.calls })
            #expect((1000...3500).contains(slice.distinctKeys), "seed \(seed)")
        }
    }

    @Test func `a report tells what came since the last one, without gap or overlap`() throws {
        var recorder = try recorder(0, 1000)
        recorder.add(1)
        let first = try report(&recorder, at: 100)
        #expect(first.slices.map(\.calls) == [1])
        let idle = try report(&recorder, at: 300)
        #expect(
            idle
                == LoadReport(component: "Lemon.CategoryCache", version: 1, seconds: 0.2, slices: []))
        recorder.add(2)
        recorder.add(2000)
        let nothing300 = recorder.report(now: MonotonicTime(nanoseconds: 300_999_999))
        #expect(nothing300 == nil)
        let report = try self.report(&recorder, at: 301)
        #expect(report.slices.map(\.calls) == [1, 1])
        #expect(report.seconds == 0.001)
    }

    @Test func `a newer assignment starts anew, an older one changes nothing`() throws {
        var recorder = LoadRecorder(component: "C")
        recorder.update(try assignment([0], version: 5), now: Self.time(0))
        recorder.add(1)
        recorder.update(try assignment([0, 1], version: 4), now: Self.time(10))
        recorder.update(try assignment([0, 1], version: 5), now: Self.time(10))
        let kept = try report(&recorder, at: 20)
        #expect(kept.version == 5)
        #expect(kept.slices.map(\.calls) == [1])
        #expect(kept.seconds == 0.02)
        recorder.add(1)
        recorder.update(try assignment([0, 1], version: 6), now: Self.time(30))
        recorder.add(1)
        let anew = try report(&recorder, at: 50)
        #expect(anew.version == 6)
        #expect(anew.slices.map(\.first) == [1])
        #expect(anew.slices.map(\.calls) == [1])
        #expect(anew.seconds == 0.02)
    }

    @Test func `without an assignment nothing is counted and nothing is reported`() throws {
        var recorder = LoadRecorder(component: "C")
        recorder.add(1)
        let nothing10 = recorder.report(now: Self.time(10))
        #expect(nothing10 == nil)
        recorder.update(try assignment([0], version: 3), now: Self.time(20))
        let empty = try report(&recorder, at: 30)
        #expect(empty.slices.isEmpty)
        recorder.update(try assignment([], version: 4), now: Self.time(40))
        recorder.add(1)
        let nothing50 = recorder.report(now: Self.time(50))
        #expect(nothing50 == nil)
    }

    @Test func `slices past the limit are left out and the others counted as ever`() throws {
        let limit = UInt64(LoadRecorder.maximumSlices)
        var recorder = LoadRecorder(component: "C")
        recorder.update(try assignment((0...limit).map { $0 << 48 }), now: Self.time(0))
        for slice in (0...limit).reversed() { recorder.add(slice << 48) }
        recorder.add(7 << 48)
        let report = try self.report(&recorder, at: 1)
        #expect(report.slices.count == LoadRecorder.maximumSlices)
        #expect(report.slices.first?.first == 1 << 48)
        #expect(report.slices[6].calls == 2)
        // After a report there is room again, for those that come first.
        recorder.add(0)
        let next = try self.report(&recorder, at: 2)
        #expect(next.slices.map(\.first) == [0])
    }
}
