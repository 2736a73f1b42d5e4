import Testing
import WeaverCore

@Suite struct BabysitterTests {
    @Test func `main is started first, every other group when first asked for, and only once`() {
        var world = World()
        world.start()
        #expect(world.runningGroups == ["main": 2])
        world.bringUp()
        let main = world.ready(of: "main")
        world.ask(by: main[0], for: "Lemon.Categories")
        world.ask(by: main[1], for: "Lemon.Categories")
        #expect(world.runningGroups == ["main": 2, "Lemon.Categories": 2])
    }

    @Test func `an address in use ends the deployment before anything is started`() {
        var world = World()
        world.proxyFails = true
        world.start()
        #expect(world.endCode == 1)
        #expect(world.runningGroups.isEmpty)
        #expect(world.logged("in use"))
    }

    @Test func `a replica that dies leaves routing and proxy at once and is started again`() {
        var world = World()
        world.start()
        world.bringUp()
        let main = world.ready(of: "main")
        world.ask(by: main[0], for: "Lemon.Categories")
        world.bringUp()
        #expect(world.routes(of: "Lemon.Categories", seenBy: main[0])?.count == 2)
        world.export(by: main[0], listener: "lemon", port: 1001)
        world.export(by: main[1], listener: "lemon", port: 1002)
        #expect(world.backends["lemon"]?.count == 2)

        let victim = world.ready(of: "Lemon.Categories")[0]
        world.advance(.seconds(10))
        world.die(victim)
        #expect(world.routes(of: "Lemon.Categories", seenBy: main[0])?.count == 1)
        world.die(main[1])
        #expect(world.backends["lemon"]?.count == 1)
        world.advance(.seconds(1))
        world.bringUp()
        #expect(world.routes(of: "Lemon.Categories", seenBy: main[0])?.count == 2)
    }

    @Test func `a replica that keeps dying is given up while the rest serves`() {
        var world = World()
        world.start()
        world.bringUp()
        let main = world.ready(of: "main")
        world.ask(by: main[0], for: "Lemon.Categories")
        for _ in 0..<20 {
            for replica in world.starting(of: "Lemon.Categories") { world.die(replica) }
            world.advance(.seconds(6))
        }
        #expect(world.starting(of: "Lemon.Categories").isEmpty)
        #expect(world.logged("given up"))
        #expect(world.ready(of: "main") == main)
        #expect(world.endCode == nil)
    }

    @Test func `when every replica of main is given up the deployment ends with a code`() {
        var world = World()
        world.start()
        for _ in 0..<20 where world.endCode == nil {
            for replica in world.starting(of: "main") { world.die(replica) }
            world.advance(.seconds(6))
        }
        #expect(world.endCode == 1)
    }

    @Test
    func `a replica that does not answer gets no more work, comes back when it does, and is killed when it does not`() {
        var world = World()
        world.start()
        world.bringUp()
        let main = world.ready(of: "main")
        world.export(by: main[0], listener: "lemon", port: 1001)
        world.export(by: main[1], listener: "lemon", port: 1002)
        world.silent.insert(main[0])
        world.advance(.seconds(6))
        #expect(world.backends["lemon"] == [.ip("127.0.0.1", port: 1002)])
        #expect(world.fellSilent == [.ip("127.0.0.1", port: 1001)])
        world.silent.remove(main[0])
        world.advance(.seconds(3))
        #expect(world.backends["lemon"]?.count == 2)
        world.silent.insert(main[0])
        world.advance(.seconds(40))
        #expect(world.killed.contains(main[0]))
        #expect(world.fellSilent == [.ip("127.0.0.1", port: 1001), .ip("127.0.0.1", port: 1001)])
    }

    @Test func `a deployer that was stopped itself does not take that for its replicas' silence`() {
        var world = World()
        world.start()
        world.bringUp()
        world.sleepWithoutTicks(.seconds(100))
        world.advance(.seconds(20))
        #expect(world.killed.isEmpty)
        #expect(world.ready(of: "main").count == 2)
    }

    @Test func `a binary that was rebuilt during the deployment is told of and does not join`() {
        var world = World()
        world.start()
        world.version = "2"
        world.bringUp()
        #expect(world.logged("has changed since the deployment began"))
        #expect(world.killed.count == 2)
        #expect(!world.states(of: "main").contains(.ready))
    }

    @Test func `stopping drains main before the others and ends with 0`() {
        var world = World()
        world.start()
        world.bringUp()
        world.ask(by: world.ready(of: "main")[0], for: "Lemon.Categories")
        world.bringUp()
        world.stop()
        #expect(world.drained.allSatisfy { world.group[$0] == "main" })
        #expect(world.drained.count == 2)
        for replica in world.alive(of: "main") { world.drainDone(replica) }
        #expect(world.shutDown.count == 2)
        for replica in world.alive(of: "main") { world.die(replica, success: true) }
        #expect(world.drained.count == 4)
        for replica in world.alive(of: "Lemon.Categories") { world.die(replica, success: true) }
        #expect(world.endCode == 0)
    }

    @Test func `a process that ignores every request is terminated, then killed`() {
        var world = World()
        world.start()
        world.bringUp()
        let main = Set(world.ready(of: "main"))
        world.stop()
        let patience = EndBounds.answerToDrain + EndBounds.shutdown(components: 1)
        world.advance(patience - .seconds(1))
        #expect(world.drained.count == 2 && world.shutDown.count == 2 && world.terminated.isEmpty)
        world.advance(.seconds(1))
        #expect(world.terminated == main && world.killed.isEmpty)
        world.advance(Teardown.terminateBound)
        #expect(world.killed == main)
        #expect(world.endCode == 0)
    }

    @Test func `a replica that says it ends and then hangs is killed and replaced`() {
        var world = World()
        world.start()
        world.bringUp()
        let hung = world.ready(of: "main")[0]
        world.leave(hung, completed: false)
        world.advance(EndBounds.leaving(components: 1) - .seconds(1))
        #expect(world.killed.isEmpty)
        world.advance(.seconds(2))
        #expect(world.killed == [hung])
        world.advance(.seconds(1))
        world.bringUp()
        #expect(world.ready(of: "main").count == 2)
    }

    @Test func `a main that has returned and hangs in its end is killed, and has completed all the same`() {
        var world = World()
        world.start()
        world.bringUp()
        let main = world.ready(of: "main")
        world.leave(main[0], completed: true)
        world.advance(EndBounds.leaving(components: 1) + .seconds(1))
        #expect(world.killed == [main[0]])
        #expect(world.states(of: "main") == [.stopped, .ready])
    }

    @Test func `a start that is refused has the time to stop what had started, and is killed after it`() {
        var world = World()
        world.start()
        let refused = world.starting(of: "main")[0]
        world.fail(refused, reason: "no database")
        world.advance(EndBounds.shutdown(components: 1) - .seconds(1))
        #expect(world.killed.isEmpty)
        world.advance(.seconds(2))
        #expect(world.killed.contains(refused))
    }

    @Test func `a replica whose pipe has closed gets no more work at once, and what is said of it twice is told once`()
    {
        var world = World()
        world.start()
        world.bringUp()
        let main = world.ready(of: "main")
        world.export(by: main[0], listener: "lemon", port: 1001)
        world.export(by: main[1], listener: "lemon", port: 1002)
        world.fail(main[0], reason: "its pipe has closed")
        #expect(world.backends["lemon"] == [.ip("127.0.0.1", port: 1002)])
        world.fail(main[0], reason: "said again")
        world.die(main[0])
        world.fail(main[0], reason: "said of the dead")
        #expect(world.logged("its pipe has closed") && !world.logged("said"))
    }

    @Test func `a shortage of the machine does not count as a failure of the replica, and passes`() {
        var world = World()
        world.start()
        world.bringUp()
        world.hasShortage = true
        world.die(world.ready(of: "main")[0])
        world.advance(.seconds(600))
        #expect(world.spawns > 50)
        #expect(!world.logged("given up"))
        #expect(world.logged("too many open files"))
        world.hasShortage = false
        world.advance(.seconds(10))
        world.bringUp()
        #expect(world.ready(of: "main").count == 2)
    }

    @Test func `callers are told that a group is given up, so that their calls fail at once`() {
        var world = World()
        world.start()
        world.bringUp()
        let main = world.ready(of: "main")
        world.ask(by: main[0], for: "Lemon.Products")
        #expect(world.isGivenUp("Lemon.Products", seenBy: main[0]) == false)
        for _ in 0..<20 {
            for replica in world.starting(of: "Lemon.Products") { world.die(replica) }
            world.advance(.seconds(6))
        }
        #expect(world.states(of: "Lemon.Products") == [.givenUp, .givenUp])
        #expect(world.isGivenUp("Lemon.Products", seenBy: main[0]) == true)
        world.ask(by: main[1], for: "Lemon.Products")
        #expect(world.isGivenUp("Lemon.Products", seenBy: main[1]) == true)
    }

    @Test func `a main that has returned is not started again and ends the deployment`() {
        var world = World()
        world.start()
        world.bringUp()
        for replica in world.ready(of: "main") {
            world.leave(replica, completed: true)
            world.die(replica, success: true)
        }
        #expect(world.endCode == 0)
        #expect(world.runningGroups.isEmpty)
    }

    @Test func `a routed component's slices cover the key space and change version with its replicas`() throws {
        var world = World()
        world.start()
        world.bringUp()
        let main = world.ready(of: "main")[0]
        world.ask(by: main, for: "Lemon.Categories")
        world.bringUp()
        let categories = world.ready(of: "Lemon.Categories")[0]
        world.ask(by: categories, for: "Lemon.CategoryCache")
        world.bringUp()
        let before = try #require(world.assignment(of: "Lemon.CategoryCache", seenBy: categories))
        #expect(before.slices.first?.start == 0)
        #expect(before.slices.count == 2)
        world.advance(.seconds(5))
        let cache = world.ready(of: "Lemon.CategoryCache")
        world.die(cache[0])
        let after = try #require(world.assignment(of: "Lemon.CategoryCache", seenBy: categories))
        #expect(after.version > before.version)
        #expect(after.slices.first?.start == 0)
        #expect(after.slices.allSatisfy { $0.replicas == [cache[1]] })
    }

    /// A world in which somebody has asked for the routed component, whose two processes have not started yet.
    private func worldAwaitingCache() -> (world: World, caller: String, cache: [String]) {
        var world = World()
        world.start()
        world.bringUp()
        world.ask(by: world.ready(of: "main")[0], for: "Lemon.Categories")
        world.bringUp()
        let caller = world.ready(of: "Lemon.Categories")[0]
        world.ask(by: caller, for: "Lemon.CategoryCache")
        return (world, caller, world.starting(of: "Lemon.CategoryCache"))
    }

    @Test func `no key moves while the replicas of a routed component come up one after the other`() {
        var (world, caller, cache) = worldAwaitingCache()
        world.bringUp(cache[0])
        #expect(world.routes(of: "Lemon.CategoryCache", seenBy: caller) == [])
        world.bringUp(cache[1])
        #expect(world.routes(of: "Lemon.CategoryCache", seenBy: caller)?.map(\.id) == cache)
        #expect(
            world.assignment(of: "Lemon.CategoryCache", seenBy: caller)?.slices.map(\.replicas) == cache.map { [$0] })
        #expect(world.assignment(of: "Lemon.CategoryCache", seenBy: caller)?.version == 1)
    }

    @Test func `a first assignment waits neither for a replica that has failed once nor for longer than its bound`() {
        var (world, caller, cache) = worldAwaitingCache()
        world.bringUp(cache[0])
        world.die(cache[1])
        #expect(world.routes(of: "Lemon.CategoryCache", seenBy: caller)?.map(\.id) == [cache[0]])

        (world, caller, cache) = worldAwaitingCache()
        world.bringUp(cache[0])
        world.advance(Babysitter.Limits().firstAssignment - .milliseconds(1))
        #expect(world.routes(of: "Lemon.CategoryCache", seenBy: caller) == [])
        world.advance(.milliseconds(1))
        #expect(world.routes(of: "Lemon.CategoryCache", seenBy: caller)?.map(\.id) == [cache[0]])
    }

    @Test func `a replica may listen and export only what its own group has`() {
        var world = World()
        world.start()
        world.bringUp()
        let main = world.ready(of: "main")[0]
        world.ask(by: main, for: "Lemon.Products")
        let stranger = world.alive(of: "Lemon.Products")[0]
        world.askAddress(by: stranger, listener: "lemon")
        world.export(by: stranger, listener: "lemon", port: 1001)
        #expect(world.refusals == Array(repeating: "Lemon.Products has no listener lemon", count: 2))
        #expect(world.backends["lemon"]?.isEmpty != false)
        world.askAddress(by: main, listener: "lemno")
        #expect(world.refusals.count == 3)
    }

    @Test func `a component that the caller has no ref to is refused`() {
        var world = World()
        world.start()
        world.bringUp()
        world.ask(by: world.ready(of: "main")[0], for: "Lemon.CategoryCache")
        #expect(world.refusals.count == 1)
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `whatever happens, routing holds only live ready replicas and nothing is left at the end`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var world = World(seed: seed)
        world.start()
        for _ in 0..<150 where world.endCode == nil {
            world.randomStep(&random)
            world.checkInvariants(seed: seed)
        }
        world.stop()
        world.advance(.seconds(120))
        #expect(world.endCode != nil, "seed \(seed)")
        #expect(world.alive.isEmpty, "seed \(seed)")
    }
}
