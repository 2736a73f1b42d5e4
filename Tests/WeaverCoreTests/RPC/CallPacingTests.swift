import Testing

@testable import WeaverCore

@Suite struct CallPacingTests {
    /// A loop with a clock of its own that runs calls of one cost.
    private struct World {
        var pacing = CallPacing()
        var now = MonotonicTime(nanoseconds: 1 << 40)
        var looks = 0

        /// Runs up to `count` calls in one slice; gives how many ran.
        mutating func slice(of count: Int, costing cost: UInt64) -> Int {
            pacing.begin(now: now)
            for ran in 0..<count {
                if !pacing.mayRunNext() {
                    looks += 1
                    guard pacing.look(now: now) else { return ran }
                }
                now = now.advanced(nanoseconds: cost)
            }
            pacing.ranOut()
            return count
        }
    }

    private let slice = CallPacing.sliceLength.clampedNanoseconds

    @Test(arguments: [1_000, 10_000, 100_000, 300_000] as [UInt64])
    func `a slice ends after its length, whatever a call costs`(_ cost: UInt64) {
        var world = World()
        // The first one does not know yet what a call costs.
        #expect(world.slice(of: 1_000_000, costing: cost) <= Int(slice / cost) + CallPacing.maximumStride + 1)
        for _ in 0..<20 {
            let begin = world.now
            let ran = world.slice(of: 1_000_000, costing: cost)
            #expect(ran > 0 && world.pacing.isOver)
            let time = world.now.nanoseconds - begin.nanoseconds
            #expect(time >= slice && time <= slice + slice / 2, "\(time) ns")
        }
    }

    @Test func `a call longer than a slice is one, and the next ones still have their turn`() {
        var world = World()
        _ = world.slice(of: 100, costing: 5 * slice)
        for _ in 0..<10 { #expect(world.slice(of: 100, costing: 5 * slice) == 1) }
    }

    @Test func `the clock is looked at once in so many small calls`() {
        var world = World()
        for _ in 0..<1000 { #expect(world.slice(of: 256, costing: 700) == 256) }
        #expect(world.looks <= 1000 * 256 / CallPacing.maximumStride)
        world.looks = 0
        // One at a time.
        for _ in 0..<1000 { #expect(world.slice(of: 1, costing: 700) == 1) }
        #expect(world.looks <= 1000 / CallPacing.maximumStride + 1)
    }

    @Test func `calls that become slow are noticed within the stride`() {
        var world = World()
        for _ in 0..<100 { _ = world.slice(of: 256, costing: 700) }
        #expect(world.slice(of: 1000, costing: slice) <= CallPacing.maximumStride + 1)
        #expect(world.slice(of: 1000, costing: slice) <= 2)
    }

    @Test func `the cost of a call contains what else the loop does between slices, and not its rest`() {
        var world = World()
        for _ in 0..<50 {
            _ = world.slice(of: 1_000_000, costing: 100_000)
            // Reading and refusing, for as long as the slice.
            world.now = world.now.advanced(nanoseconds: slice)
        }
        #expect((180_000...220_000).contains(world.pacing.costPerCall), "\(world.pacing.costPerCall)")
        for _ in 0..<50 {
            _ = world.slice(of: 20, costing: 1000)
            world.now = world.now.advanced(nanoseconds: 1_000_000_000)
        }
        #expect(world.pacing.costPerCall < 2000, "\(world.pacing.costPerCall)")
    }

    @Test func `a call is too late when half of its time would pass before it begins`() {
        var world = World()
        for _ in 0..<100 { _ = world.slice(of: 1_000_000, costing: 100_000) }
        let cost = world.pacing.costPerCall
        #expect(cost > 0)
        #expect(!world.pacing.isTooLate(timeLeft: 200 * cost, behind: 100))
        #expect(world.pacing.isTooLate(timeLeft: 200 * cost - 1, behind: 100))
        // Without a deadline, and behind nobody, no call is.
        #expect(!world.pacing.isTooLate(timeLeft: 0, behind: .max))
        #expect(!world.pacing.isTooLate(timeLeft: 1, behind: 0))
        #expect(world.pacing.isTooLate(timeLeft: .max, behind: .max))
        #expect(!CallPacing().isTooLate(timeLeft: 1, behind: .max))
    }
}
