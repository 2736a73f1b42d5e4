import Testing

@testable import WeaverCore

/// Thousands of random worlds, whose invariants ``AssignerWorld`` checks with every step; the seed of one that fails is in
/// the message.
@Suite struct AssignerSimulationTests {
    /// 400 seeds for each number of replicas.
    @Test(arguments: [2, 3, 8], 0..<4 as Range<UInt64>)
    func `a million keys by Zipf's law: the busiest has at most 1.15 of the mean after five rounds, and then rests`(
        replicas: Int, hundred: UInt64
    ) {
        for seed in (hundred * 100)..<(hundred * 100 + 100) {
            var world = AssignerWorld(seed: seed, replicas: replicas, keys: SkewedKeys(seed: seed))
            for _ in 0..<5 { world.round() }
            #expect(world.imbalance <= 1.15, "seed \(seed)")
            for _ in 0..<2 {
                world.round()
                #expect(world.moved.calls == 0, "seed \(seed): something moves without a reason")
            }
        }
    }

    @Test(arguments: [2, 3, 8], 0..<6 as Range<UInt64>)
    func `with few calls, drawn one by one and sketched, the same holds, and chance moves nothing`(
        replicas: Int, seed: UInt64
    ) {
        var random = SeededGenerator(seed: seed)
        var world = AssignerWorld(seed: seed, replicas: replicas, keys: SkewedKeys(seed: seed))
        for _ in 0..<5 { world.sampledRound(calls: 2000 * replicas, &random) }
        #expect(world.imbalance <= 1.15, "seed \(seed)")
        var moved = 0.0
        for _ in 0..<5 {
            world.sampledRound(calls: 2000 * replicas, &random)
            moved += world.moved.calls
        }
        #expect(world.imbalance <= 1.15, "seed \(seed)")
        #expect(moved <= 0.05, "seed \(seed): \(moved) of the calls moved by chance")
    }

    @Test(arguments: 0..<600 as Range<UInt64>)
    func `whatever comes, goes, restarts and becomes hot, the bounds hold`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let slots = Int.random(in: 1...9, using: &random)
        var world = AssignerWorld(seed: seed, replicas: slots, keys: SkewedKeys(seed: seed))
        for _ in 0..<16 {
            let slot = Int.random(in: 0..<slots, using: &random)
            let count = Double(world.live.count)
            switch Int.random(in: 0..<8, using: &random) {
            case 0, 1:
                guard world.names[slot] != nil else { continue }
                world.leave(slot)
                #expect(count == 1 || world.moved.keys <= 1 / count + 0.05, "seed \(seed): one of \(count) left")
            case 2, 3:
                if world.names[slot] != nil {
                    world.replace(slot)
                } else {
                    world.join(slot)
                    #expect(count == 0 || world.moved.keys <= 1 / (count + 1) + 0.05, "seed \(seed): to \(count)")
                }
            case 4: world.keys = SkewedKeys(seed: random.next() % 10_000)
            default: world.round()
            }
        }
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `a replica that dies and comes back has its keys again`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let slots = Int.random(in: 2...9, using: &random)
        var world = AssignerWorld(seed: seed, replicas: slots, keys: SkewedKeys(seed: seed))
        for _ in 0..<4 { world.round() }
        let slot = Int.random(in: 0..<slots, using: &random)
        let before = AssignerWorld.ranges(world.assigner.assignment).filter { $0.slice.replicas == ["r\(slot)"] }
        world.leave(slot)
        world.join(slot)
        for (slice, last) in before {
            for key in [slice.start, last, slice.start + (last - slice.start) / 2] {
                #expect(world.assigner.assignment.slice(for: key)?.replicas == ["p1"], "seed \(seed): \(key)")
            }
        }
        world.round()
        world.round()
        #expect(world.imbalance <= 1.15, "seed \(seed)")
    }
}
