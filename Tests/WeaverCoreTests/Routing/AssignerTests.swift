import Testing

@testable import WeaverCore

@Suite struct AssignerTests {
    private static let even = SkewedKeys(hot: [])

    // MARK: Who is there

    @Test(arguments: 1...9)
    func `without load the slices are equal, and a replica that goes and comes back leaves no trace`(count: Int) {
        var world = AssignerWorld(seed: 0, replicas: count, keys: Self.even)
        let ids = world.names.compactMap { $0 }
        let equal = Assignment.equalSlices(version: 1, replicas: ids)
        #expect(world.assigner.assignment == equal)
        world.calls = 0
        for _ in 0..<3 { world.round() }
        #expect(world.assigner.assignment == equal)
        for slot in 0..<count {
            world.leave(slot)
            #expect(abs(world.moved.keys - (count > 1 ? 1 / Double(count) : 0)) < 1e-9)
            let fair = 1 / Double(max(1, count - 1))
            #expect(world.shares().values.allSatisfy { abs($0 - fair) <= 0.04 + 1e-9 })
            world.join(slot)
            #expect(abs(world.moved.keys - (count > 1 ? 1 / Double(count) : 0)) < 1e-9)
            let expected = Assignment.equalSlices(version: 0, replicas: world.names.compactMap { $0 })
            #expect(world.assigner.assignment.slices == expected.slices)
        }
    }

    @Test func `a slot's next process takes over its slices, and nothing else moves`() {
        var world = AssignerWorld(seed: 3, replicas: 3, keys: SkewedKeys(seed: 3))
        for _ in 0..<5 { world.round() }
        let before = world.assigner.assignment
        world.replace(1)
        let renamed = before.slices.map { slice in
            KeySlice(start: slice.start, replicas: slice.replicas.map { $0 == "r1" ? "p1" : $0 })
        }
        #expect(world.assigner.assignment.slices == renamed)
    }

    @Test func `when all go there is no slice, and who comes back first has every key`() {
        var world = AssignerWorld(seed: 3, replicas: 3, keys: SkewedKeys(seed: 3))
        world.round()
        for slot in [1, 0, 2] { world.leave(slot) }
        #expect(world.assigner.assignment.slices.isEmpty)
        world.join(2)
        #expect(abs((world.shares()["p1"] ?? 0) - 1) < 1e-9)
        world.join(0)
        world.join(1)
        #expect(world.shares().values.allSatisfy { $0 <= 1 / 3 + 0.04 + 1e-9 })
    }

    @Test func `a replica beyond the first ones gets its share at once, by load where load is known`() {
        var world = AssignerWorld(seed: 0, replicas: 2, keys: Self.even)
        world.join(2)
        #expect(world.shares().values.allSatisfy { abs($0 - 1 / 3) < 1e-6 })
        world = AssignerWorld(seed: 9, replicas: 2, keys: SkewedKeys(seed: 9))
        for _ in 0..<3 { world.round() }
        world.join(2)
        #expect(world.moved.keys <= 1 / 3 + 0.05)
        #expect(world.imbalance <= 1.15)
    }

    // MARK: Keys

    @Test(arguments: [2, 3, 8])
    func `a key that is too much for one replica is served by as many as it needs, and by fewer when it cools`(
        count: Int
    ) {
        let giant: UInt64 = 0x1234_5678_9ABC_DEF0
        var world = AssignerWorld(seed: 0, replicas: count, keys: SkewedKeys(hot: [(giant, 0.6)]))
        for _ in 0..<5 { world.round() }
        #expect(world.imbalance <= 1.15)
        #expect(
            world.assigner.assignment.slice(for: giant)?.replicas.count
                == min(count, Int((1.2 * Double(count)).rounded(.up))))
        #expect(world.assigner.assignment.slice(for: giant)?.start == giant)
        world.keys = SkewedKeys(hot: [(giant, 0.01)])
        for _ in 0..<10 { world.round() }
        #expect(world.assigner.assignment.slice(for: giant)?.replicas.count == 1)
        #expect(world.imbalance <= 1.15)
    }

    @Test func `where nothing can move that makes the load even, a key is shared`() {
        let hot: [(UInt64, Double)] = [(10, 0.36), (20, 0.36), (30, 0.28)]
        var world = AssignerWorld(seed: 0, replicas: 2, keys: SkewedKeys(hot: hot))
        for _ in 0..<5 { world.round() }
        #expect(world.imbalance <= 1.15)
        #expect(world.assigner.assignment.slices.count { $0.replicas.count == 2 } == 1)
    }

    @Test func `the first and the last key can be hot`() {
        let keys = SkewedKeys(hot: [(0, 0.45), (.max, 0.2), (1, 0.1), (.max - 1, 0.05)])
        var world = AssignerWorld(seed: 0, replicas: 3, keys: keys)
        for _ in 0..<5 { world.round() }
        #expect(world.imbalance <= 1.15)
        #expect(world.assigner.assignment.slice(for: 0)?.replicas.count == 3)
        #expect(world.assigner.assignment.slices.count > 1 && world.assigner.assignment.slices[1].start == 1)
    }

    @Test(arguments: [2, 3, 8])
    func `load in a thousandth of the key space is found and spread by moving few keys`(count: Int) {
        var world = AssignerWorld(seed: 0, replicas: count, keys: SkewedKeys(hot: [], busy: 100..<104))
        var moved = 0.0
        for _ in 0..<5 {
            world.round()
            moved += world.moved.keys
        }
        #expect(world.imbalance <= 1.15)
        #expect(moved <= 0.04)
    }

    @Test func `where balance costs key space it takes rounds, and no replica gets too many keys for it`() {
        var world = AssignerWorld(seed: 0, replicas: 2, keys: SkewedKeys(hot: [], busy: 0..<2048))
        var rounds = 0
        while world.imbalance > 1.15, rounds < 20 {
            world.round()
            rounds += 1
            #expect(world.shares().values.allSatisfy { $0 <= 0.54 + 1e-9 })
        }
        #expect(rounds <= 6)
    }

    @Test(arguments: [2, 3, 8])
    func `when other keys become hot the load is even again after six rounds`(count: Int) {
        for seed in 0..<UInt64(20) {
            var world = AssignerWorld(seed: seed, replicas: count, keys: SkewedKeys(seed: seed))
            for change in 1...3 as ClosedRange<UInt64> {
                for _ in 0..<6 { world.round() }
                #expect(world.imbalance <= 1.15, "seed \(seed)")
                world.keys = SkewedKeys(seed: seed + 1000 * change)
            }
        }
    }

    // MARK: Limits

    @Test func `a single replica keeps everything, and its slices are split for the next one`() {
        var world = AssignerWorld(seed: 1, replicas: 1, keys: SkewedKeys(seed: 1))
        for _ in 0..<3 {
            let round = world.round()
            #expect(round?.movedKeys == 0 && round?.movedLoad == 0)
        }
        #expect(world.assigner.assignment.slices.count > 1)
        #expect(world.assigner.assignment.slices.allSatisfy { $0.replicas == ["r0"] })
    }

    @Test(arguments: [1, 2, 3, 5])
    func `the limit of slices holds, and what fits still moves`(perReplica: Int) {
        var limits = Assigner.Limits()
        limits.slicesPerReplica = perReplica
        for seed in 0..<UInt64(20) {
            var world = AssignerWorld(seed: seed, replicas: 4, keys: SkewedKeys(seed: seed), limits: limits)
            let before = world.imbalance
            for _ in 0..<5 { world.round() }
            #expect(world.imbalance <= before + 1e-9, "seed \(seed)")
            world.leave(2)
            world.round()
            world.join(2)
            world.join(4)
        }
        limits.slices = 4
        var world = AssignerWorld(seed: 1, replicas: 4, keys: SkewedKeys(seed: 1), limits: limits)
        world.round()
        world.leave(0)
        #expect(world.assigner.assignment.slices.count <= 4)
    }

    /// A world of two replicas, the first of which gets 60 % of the calls.
    private func uneven(calls: Double) -> AssignerWorld {
        var world = AssignerWorld(seed: 0, replicas: 2, keys: SkewedKeys(hot: [(5, 0.2)]))
        world.calls = calls
        return world
    }

    @Test func `nothing moves by fewer calls than are needed to tell load from chance`() {
        var limits = Assigner.Limits()
        limits.tolerance = -1  // Whatever chance may do: only the number of calls decides.
        func report(_ calls: UInt64) -> LoadReport {
            let parts = (0..<16).map { $0 == 0 ? calls : 0 }
            let slice = SliceLoad(
                first: 0, last: .max / 2, calls: calls, distinctKeys: 0, partCalls: parts, hotKeys: [])
            return LoadReport(component: "C", version: 1, seconds: 5, slices: [slice])
        }
        let none = LoadReport(component: "C", version: 1, seconds: 5, slices: [])
        for (calls, changes) in [(UInt64(199), false), (200, true)] {
            var world = AssignerWorld(seed: 0, replicas: 2, keys: Self.even, limits: limits)
            world.assigner.reported(by: "r0", report(calls))
            world.assigner.reported(by: "r1", none)
            world.roundWithReports()
            #expect((world.assigner.assignment.version > 1) == changes, "\(calls) calls")
        }
    }

    @Test func `what chance may do moves nothing, and a certain difference of the tolerance does not either`() {
        var world = uneven(calls: 400)
        world.round()
        #expect(world.moved.calls == 0)
        world = uneven(calls: 1e6)
        world.round()
        #expect(world.moved.calls > 0)
        world = AssignerWorld(seed: 0, replicas: 2, keys: SkewedKeys(hot: [(5, 0.079)]))
        world.round()
        #expect(world.moved.calls == 0)
        world = AssignerWorld(seed: 0, replicas: 2, keys: SkewedKeys(hot: [(5, 0.09)]))
        world.round()
        #expect(world.moved.calls > 0)
    }

    // MARK: Reports

    @Test func `a round waits for the report of every replica, and a silent one loses nothing`() {
        var assigner = uneven(calls: 1e6).assigner
        let report = LoadReport(component: "C", version: 1, seconds: 5, slices: [])
        for _ in 0..<20 { assigner.reported(by: "r0", report) }
        #expect(assigner.round() == nil)
        assigner.reported(by: "stranger", report)
        #expect(assigner.round() == nil)
        assigner.reported(by: "r1", report)
        #expect(assigner.isReadyForRound)
        #expect(assigner.round() != nil)
        #expect(assigner.round() == nil)
    }

    @Test func `of reports that wait for the others' only the last ones are kept`() {
        var assigner = uneven(calls: 0).assigner
        func report(_ calls: UInt64) -> LoadReport {
            let parts = (0..<16).map { $0 == 3 ? calls : 0 }
            return LoadReport(
                component: "C", version: 1, seconds: 1,
                slices: [
                    SliceLoad(first: 0, last: .max, calls: calls, distinctKeys: 0, partCalls: parts, hotKeys: [])
                ])
        }
        assigner.reported(by: "r0", report(1_000_000))
        for _ in 0..<8 { assigner.reported(by: "r0", report(10)) }
        assigner.reported(by: "r1", LoadReport(component: "C", version: 1, seconds: 8, slices: []))
        _ = assigner.round()
        #expect(abs(assigner.map.total - 10) < 1e-9)
    }

    @Test func `a report that makes no sense is dropped, and the round waits for one that does`() {
        var assigner = Assigner()
        _ = assigner.setReplicas(["a"])
        let slice = SliceLoad(
            first: 0, last: .max, calls: 15, distinctKeys: 1, partCalls: Array(repeating: 1, count: 15), hotKeys: [])
        assigner.reported(by: "a", LoadReport(component: "C", version: 1, seconds: 5, slices: [slice]))
        #expect(!assigner.isReadyForRound)
        assigner.reported(by: "a", LoadReport(component: "C", version: 1, seconds: .nan, slices: []))
        #expect(!assigner.isReadyForRound)
        assigner.reported(by: "a", LoadReport(component: "C", version: 1, seconds: 5, slices: []))
        #expect(assigner.isReadyForRound)
    }

    @Test func `a report that was counted by older slices is as good`() {
        var world = AssignerWorld(seed: 4, replicas: 3, keys: SkewedKeys(seed: 4))
        let equal = world.assigner
        for _ in 0..<3 { world.round() }
        var old = AssignerWorld(seed: 4, replicas: 3, keys: SkewedKeys(seed: 4))
        old.assigner = equal
        for (replica, report) in old.exactReports() { world.assigner.reported(by: replica, report) }
        world.roundWithReports()
        #expect(abs(world.assigner.map.total - 2e8) < 100)
        #expect(world.imbalance <= 1.15)
    }
}
