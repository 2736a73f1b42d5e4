import Testing

@testable import WeaverCore

@Suite struct HotKeySketchTests {
    /// A hash whose low bits depend on the whole key.
    private static func hash(_ key: UInt64) -> UInt64 {
        var generator = SeededGenerator(seed: key)
        return generator.next()
    }

    /// What a sketch says of 100,000 calls for Zipf keys, after so many calls for keys that come once.
    private func count(after coldCalls: Int, seed: UInt64) -> (truth: [UInt64: UInt64], found: [UInt64: UInt64]) {
        let keys = SkewedKeys(seed: seed)
        var generator = SeededGenerator(seed: seed)
        var sketch = HotKeySketch()
        var truth: [UInt64: UInt64] = [:]
        for _ in 0..<coldCalls {
            let key = generator.next()
            truth[key, default: 0] += 1
            sketch.insert(key, hash: Self.hash(key))
        }
        for _ in 0..<100_000 {
            let key = keys.call(generator.next())
            truth[key, default: 0] += 1
            sketch.insert(key, hash: Self.hash(key))
        }
        let found = Dictionary(uniqueKeysWithValues: sketch.counts(atLeast: 1).map { ($0.key, $0.calls) })
        return (truth, found)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `every key above 1 percent of a Zipf stream is found, with nearly all of its calls`(seed: UInt64) {
        let (truth, found) = count(after: 0, seed: seed)
        let hot = truth.filter { $0.value >= 1000 }
        #expect((8...11).contains(hot.count), "seed \(seed)")
        for (key, calls) in hot {
            let missed = Double(calls) - Double(found[key] ?? 0)
            #expect(missed <= 0.01 * Double(calls), "seed \(seed): \(found[key] ?? 0) of \(calls)")
        }
        for (key, calls) in found { #expect(calls <= truth[key] ?? 0, "seed \(seed): more than there were") }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `keys that become hot when all counters are taken are found as well`(seed: UInt64) {
        let (truth, found) = count(after: 100_000, seed: seed)
        for (key, calls) in truth where calls >= 2000 {
            let missed = Double(calls) - Double(found[key] ?? 0)
            #expect(missed <= 0.01 * Double(calls), "seed \(seed): \(found[key] ?? 0) of \(calls)")
        }
        for (key, calls) in found { #expect(calls <= truth[key] ?? 0, "seed \(seed): more than there were") }
    }

    private func set(of key: UInt64) -> Int { Int(Self.hash(key) % UInt64(HotKeySketch.sets)) }

    @Test func `a key's count is below the truth by at most a quarter of what its set was called`() {
        var generator = SeededGenerator(seed: 3)
        var sketch = HotKeySketch()
        var truth: [UInt64: UInt64] = [:]
        var ofSet = [UInt64](repeating: 0, count: HotKeySketch.sets)
        for _ in 0..<200_000 {
            let key = UInt64.random(in: 0..<3000, using: &generator) & UInt64.random(in: 0..<3000, using: &generator)
            truth[key, default: 0] += 1
            ofSet[set(of: key)] += 1
            sketch.insert(key, hash: Self.hash(key))
        }
        let found = Dictionary(uniqueKeysWithValues: sketch.counts(atLeast: 1).map { ($0.key, $0.calls) })
        for (key, calls) in truth {
            let bound = ofSet[set(of: key)] / UInt64(HotKeySketch.ways)
            #expect(calls - (found[key] ?? 0) <= bound)
        }
    }

    @Test func `among keys that come once each none is hot`() {
        var sketch = HotKeySketch()
        for key in 0..<200_000 as Range<UInt64> { sketch.insert(key, hash: Self.hash(key)) }
        #expect(sketch.counts(atLeast: 2).isEmpty)
    }

    @Test func `the key 0 is a key like others, although counters begin with it`() {
        var sketch = HotKeySketch()
        for hash in 0..<4 as Range<UInt64> {
            for key in [0, 1, 2, 3, 0] as [UInt64] { sketch.insert(key, hash: hash) }
        }
        let counts = sketch.counts(atLeast: 1).sorted { $0.key < $1.key }
        #expect(counts.map(\.key) == [0, 1, 2, 3].flatMap { Array(repeating: $0, count: 4) })
        #expect(counts.map(\.calls) == [2, 1, 1, 1].flatMap { Array(repeating: $0, count: 4) })
    }

    @Test func `a set with more keys than counters keeps the busy ones`() {
        var sketch = HotKeySketch()
        for round in 0..<1000 as Range<UInt64> {
            for key in 1...3 as ClosedRange<UInt64> { sketch.insert(key, hash: 0) }
            sketch.insert(1000 + round, hash: 0)
        }
        let hot = sketch.counts(atLeast: 500)
        #expect(Set(hot.map(\.key)) == [1, 2, 3])
        #expect(hot.allSatisfy { $0.calls == 1000 })
    }

    @Test func `nothing is left of what was counted before`() {
        var sketch = HotKeySketch()
        for _ in 0..<10 { sketch.insert(5, hash: 5) }
        sketch.removeAll()
        #expect(sketch.counts(atLeast: 1).isEmpty)
        sketch.insert(5, hash: 5)
        #expect(sketch.counts(atLeast: 1) == [KeyCalls(key: 5, calls: 1)])
    }
}
