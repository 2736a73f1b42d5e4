import Testing

@testable import WeaverCore

@Suite struct BabysitterLoadTests {
    private static let component = "Lemon.CategoryCache"

    /// A world whose routed component has both of its replicas.
    private func worldWithCache() -> (world: World, caller: String, cache: [String]) {
        var world = World()
        world.start()
        world.bringUp()
        world.ask(by: world.ready(of: "main")[0], for: "Lemon.Categories")
        world.bringUp()
        let caller = world.ready(of: "Lemon.Categories")[0]
        world.ask(by: caller, for: Self.component)
        world.bringUp()
        return (world, caller, world.ready(of: Self.component))
    }

    @Test func `replicas of routed components, and only those, are asked for their load in each interval`() {
        var (world, _, cache) = worldWithCache()
        world.advance(Babysitter.Limits().loadInterval - .milliseconds(1))
        #expect(world.askedForLoad.isEmpty)
        world.advance(.milliseconds(1))
        #expect(Set(world.askedForLoad) == Set(cache) && world.askedForLoad.count == 2)
        world.advance(Babysitter.Limits().loadInterval * 3)
        #expect(world.askedForLoad.count == 8)
        world.stop()
        world.advance(.seconds(30))
        #expect(world.askedForLoad.count == 8)
    }

    @Test func `slices move when the last replica has reported, and callers and hosts hear of it once`() throws {
        var (world, caller, cache) = worldWithCache()
        let before = try #require(world.assignment(of: Self.component, seenBy: caller))
        world.reportLoad(by: cache[0], calls: 1_000_000)
        #expect(world.assignment(of: Self.component, seenBy: caller) == before)
        let infos = world.infos
        world.reportLoad(by: cache[1], calls: 0)
        let after = try #require(world.assignment(of: Self.component, seenBy: caller))
        #expect(after.version == before.version + 1)
        #expect(Set(after.slices.prefix(2).flatMap(\.replicas)).union(after.slices.flatMap(\.replicas)) == Set(cache))
        for host in cache { #expect(world.assignment(of: Self.component, seenBy: host) == after) }
        #expect(world.infos == infos + 3)
        #expect(world.logged("of the key space has another owner"))
    }

    @Test func `without load, and when the load is even, nobody is told anything`() {
        var (world, caller, _) = worldWithCache()
        world.reportedCalls = 0
        let (infos, before) = (world.infos, world.assignment(of: Self.component, seenBy: caller))
        world.advance(.seconds(60))
        #expect(world.askedForLoad.count >= 24)
        #expect(world.infos == infos)
        #expect(world.assignment(of: Self.component, seenBy: caller) == before)
        world.reportedCalls = 1_000_000
        world.advance(.seconds(60))
        let settled = world.infos
        world.advance(.seconds(60))
        #expect(world.infos == settled)
    }

    @Test func `a report of a component that the replica does not host, or of a replica that is gone, is dropped`() {
        var (world, caller, cache) = worldWithCache()
        let before = world.assignment(of: Self.component, seenBy: caller)
        world.reportLoad(by: cache[0], calls: 1_000_000)
        world.reportLoad(by: caller, calls: 5)
        world.reportLoad(by: cache[1], calls: 5, component: "Lemon.Categories")
        world.reportLoad(by: "nobody", calls: 5)
        #expect(world.assignment(of: Self.component, seenBy: caller) == before)
    }

    @Test func `a replica that restarts has its keys again, under its new id`() throws {
        var (world, caller, cache) = worldWithCache()
        world.reportedCalls = 1_000_000
        world.advance(.seconds(30))
        let before = try #require(world.assignment(of: Self.component, seenBy: caller))
        let keys = before.slices.filter { $0.replicas == [cache[0]] }.map(\.start)
        #expect(!keys.isEmpty)
        world.die(cache[0])
        #expect(
            world.assignment(of: Self.component, seenBy: caller)?.slices.allSatisfy { $0.replicas == [cache[1]] }
                == true)
        world.advance(.milliseconds(200))
        world.bringUp()
        let next = try #require(world.ready(of: Self.component).first { $0 != cache[1] })
        let after = try #require(world.assignment(of: Self.component, seenBy: caller))
        for key in keys { #expect(after.slice(for: key)?.replicas == [next]) }
        #expect(after.version > before.version)
    }

    @Test func `load that is asked for on demand is there when all have answered, or gone, or the time is up`() {
        var (world, _, cache) = worldWithCache()
        world.reportedCalls = 5
        let first = world.collectLoad()
        #expect(world.collected == [first])
        world.reportedCalls = nil
        let second = world.collectLoad()
        world.reportLoad(by: cache[0], calls: 5)
        #expect(world.collected == [first])
        world.die(cache[1])
        #expect(world.collected == [first, second])
        let third = world.collectLoad()
        world.advance(Babysitter.Limits().loadAnswer - .milliseconds(1))
        #expect(world.collected == [first, second])
        world.advance(.milliseconds(1))
        #expect(world.collected == [first, second, third])
        world.stop()
        #expect(world.collectLoad() == world.collected.last)
    }

    @Test func `an answer without a report, or a refusal, is not waited for any longer`() {
        var (world, _, cache) = worldWithCache()
        world.reportedCalls = nil
        let asked = world.collectLoad()
        world.reportLoad(by: cache[0], calls: 5)
        #expect(world.collected == [])
        world.reportNoLoad(by: cache[1])
        #expect(world.collected == [asked])
    }

    @Test func `the status shows who has which share of the keys and of the load, where it is wanted`() throws {
        var (world, _, cache) = worldWithCache()
        world.reportLoad(by: cache[0], calls: 500)
        world.reportLoad(by: cache[1], calls: 500)
        #expect(world.babysitter.status(began: world.now, now: world.now, processID: 1).routing == nil)
        let status = world.babysitter.status(began: world.now, now: world.now, processID: 1, withRouting: true)
        let routing = try #require(status.routing?.first)
        #expect(status.routing?.count == 1)
        #expect(routing.component == Self.component)
        #expect(routing.replicas.map(\.id) == cache)
        #expect(routing.replicas.map(\.pid) == [1, 1])
        #expect(abs(routing.replicas.reduce(0) { $0 + $1.keys } - 1) < 1e-9)
        #expect(abs(routing.replicas.reduce(0) { $0 + $1.load } - 200) < 1e-6)
        #expect(routing.slices == routing.replicas.reduce(0) { $0 + $1.slices })
    }
}
