import Testing
import WeaverCore

/// Rolling restarts, by simulation.
@Suite struct BabysitterRestartTests {
    /// How long a new process has to be well.
    private let settling = RestartPolicy.Limits().stableAfter

    /// A world whose main serves, and whose processes do as they are told.
    private func servingWorld() -> World {
        var world = World()
        world.isObedient = true
        world.start()
        bringUp(&world)
        return world
    }

    /// Lets what is starting start, and export its listener.
    private func bringUp(_ world: inout World) {
        for replica in world.starting(of: "main") { exportAndStart(&world, replica) }
        world.bringUp()
    }

    private func exportAndStart(_ world: inout World, _ replica: String) {
        world.export(by: replica, listener: "lemon", port: world.newPort())
        world.bringUp(replica)
    }

    @Test func `every replica is replaced, one after another, and never fewer than all serve`() {
        var world = servingWorld()
        let old = Set(world.alive(of: "main"))
        #expect(world.restart() == nil)
        for replaced in 0..<2 {
            #expect(world.starting(of: "main").count == 1)
            #expect(world.backends["lemon"]?.count == 2)
            bringUp(&world)
            #expect(world.backends["lemon"]?.count == 3, "a new one is used at once")
            #expect(world.drained.count == replaced, "the old one serves until the new one has settled")
            world.advance(settling)
            #expect(world.drained.count == replaced + 1)
            #expect(world.backends["lemon"]?.count == 2)
        }
        #expect(world.progress.last?.outcome == .done)
        #expect(world.states(of: "main") == [.ready, .ready])
        #expect(old.isDisjoint(with: world.alive(of: "main")))
        #expect(world.killed.isEmpty)
        #expect(world.spawns == 4)
    }

    @Test func `a single replica has its successor before it goes`() {
        var world = World(replicas: 1)
        world.isObedient = true
        world.start()
        bringUp(&world)
        world.restart()
        #expect(world.backends["lemon"]?.count == 1)
        bringUp(&world)
        world.advance(settling)
        #expect(world.progress.last?.outcome == .done)
        #expect(world.backends["lemon"]?.count == 1)
        #expect(!world.journal.contains("0 backends"))
    }

    @Test func `a replica is told to drain only when no proxy has anything in flight with it`() {
        var world = servingWorld()
        world.isInFlight = true
        world.restart()
        bringUp(&world)
        world.advance(settling)
        #expect(world.backends["lemon"]?.count == 2, "it gets no more requests")
        #expect(world.drained.isEmpty && world.unreleased.count == 1)
        #expect(world.states(of: "main").contains(.draining))
        world.release()
        #expect(world.drained.count == 1)
    }

    @Test func `a stream that never ends holds a replica up for no longer than the bound`() {
        var world = servingWorld()
        world.isInFlight = true
        world.restart()
        bringUp(&world)
        world.advance(settling)
        world.advance(EndBounds.release - .milliseconds(1))
        #expect(world.drained.isEmpty)
        world.advance(.milliseconds(1))
        #expect(world.drained.count == 1)
        world.release()
        #expect(world.drained.count == 1, "an answer that comes late says nothing")
    }

    @Test func `a new process that does not get ready ends the restart, and the old ones serve on`() {
        var world = servingWorld()
        let old = world.ready(of: "main")
        world.restart()
        world.advance(Babysitter.Limits().replacement - .milliseconds(1))
        #expect(world.progress.last?.outcome == .underWay)
        world.advance(.milliseconds(1))
        #expect(world.progress.last?.outcome == .failed)
        #expect(world.progress.last?.text.contains("did not get ready") == true)
        #expect(world.progress.last?.text.contains("0 of 2 replicas") == true)
        #expect(world.alive(of: "main") == old)
        #expect(world.states(of: "main") == [.ready, .ready])
        #expect(world.backends["lemon"]?.count == 2)
        #expect(world.restart() == nil, "another one may be tried")
    }

    @Test func `a new process that keeps dying ends the restart at once when it is given up`() {
        var world = servingWorld()
        let old = world.ready(of: "main")
        world.restart()
        for _ in 0..<6 {
            for replica in world.starting(of: "main") { world.die(replica) }
            world.advance(.seconds(5))
        }
        #expect(world.progress.last?.outcome == .failed)
        #expect(world.progress.last?.text.contains("signal 9") == true)
        #expect(world.states(of: "main") == [.ready, .ready])
        #expect(world.alive(of: "main") == old)
        #expect(world.endCode == nil)
    }

    @Test func `a new process that dies before it has settled costs no old one, and another is started`() {
        var world = servingWorld()
        let old = world.ready(of: "main")
        world.restart()
        bringUp(&world)
        world.advance(settling - .milliseconds(1))
        world.die(world.alive(of: "main")[2])
        #expect(world.drained.isEmpty && world.ready(of: "main") == old)
        world.advance(.seconds(1))
        bringUp(&world)
        world.advance(settling)
        #expect(world.drained == [old[0]])
    }

    @Test func `a new process that does not answer is not trusted`() {
        var world = servingWorld()
        world.restart()
        let new = world.starting(of: "main")[0]
        world.silent.insert(new)
        bringUp(&world)
        world.advance(.seconds(20))
        #expect(world.drained.isEmpty)
        world.silent.remove(new)
        world.advance(.seconds(2))
        #expect(world.drained.count == 1)
    }

    @Test func `an old process that dies while its successor starts is handled as ever`() {
        var world = servingWorld()
        let old = world.ready(of: "main")
        world.restart()
        world.die(old[0])
        world.advance(.milliseconds(500))
        #expect(world.alive(of: "main").count == 3, "it is started again")
        for _ in 0..<2 {
            bringUp(&world)
            world.advance(settling)
        }
        #expect(world.progress.last?.outcome == .done)
        #expect(world.states(of: "main") == [.ready, .ready])
        #expect(world.alive(of: "main").count == 2)
    }

    @Test func `an old process that hangs in its end is killed, and the restart goes on`() {
        var world = servingWorld()
        world.isObedient = false
        let old = world.ready(of: "main")
        world.restart()
        bringUp(&world)
        world.advance(settling)
        world.advance(EndBounds.answerToDrain + EndBounds.shutdown(components: 1) + Teardown.terminateBound)
        #expect(world.killed == [old[0]])
        #expect(world.starting(of: "main").count == 1)
    }

    @Test func `a second restart is refused while one runs`() {
        var world = servingWorld()
        #expect(world.restart() == nil)
        #expect(world.restart()?.contains("another restart is under way: 0 of 2") == true)
        #expect(world.starting(of: "main").count == 1)
    }

    @Test func `a group that nobody has asked for, and a component that is not there, are refused in words`() {
        var world = servingWorld()
        #expect(world.restart("Lemon.Products")?.contains("no process of Lemon.Products has been started") == true)
        #expect(world.restart("Lemon.Nothing") == "there is no component Lemon.Nothing")
        #expect(world.progress.isEmpty)
    }

    @Test func `only the group of the named component is replaced`() {
        var world = servingWorld()
        let main = world.ready(of: "main")
        world.ask(by: main[0], for: "Lemon.Categories")
        world.bringUp()
        let old = world.ready(of: "Lemon.Categories")
        world.restart("Lemon.Categories")
        for _ in 0..<2 {
            world.bringUp()
            #expect(world.routes(of: "Lemon.Categories", seenBy: main[0])?.count == 3)
            world.advance(settling)
            #expect(world.routes(of: "Lemon.Categories", seenBy: main[0])?.count == 2)
        }
        #expect(world.progress.last?.outcome == .done)
        #expect(world.ready(of: "main") == main)
        #expect(Set(old).isDisjoint(with: world.alive(of: "Lemon.Categories")))
    }

    @Test func `a deployment that stops in the middle of a restart ends in order, and says so`() {
        for isStarting in [true, false] {
            var world = servingWorld()
            world.isInFlight = true
            world.restart()
            if !isStarting {
                bringUp(&world)
                world.advance(settling)
            }
            world.stop()
            #expect(world.progress.last?.outcome == .failed)
            #expect(world.progress.last?.text.contains("is being stopped") == true)
            world.advance(EndBounds.release)
            #expect(world.endCode == 0)
            #expect(world.alive.isEmpty && world.killed.isEmpty)
            #expect(Set(world.drained).count == world.drained.count, "nobody is told twice")
        }
    }

    @Test func `a binary that was rebuilt ends the restart with the first process`() {
        var world = servingWorld()
        world.version = "2"
        world.restart()
        bringUp(&world)
        #expect(world.progress.last?.text.contains("the binary has changed") == true)
        #expect(world.progress.last?.outcome == .failed)
        #expect(world.states(of: "main") == [.ready, .ready])
        #expect(world.spawns == 3)
    }

    @Test func `the successor owns the keys of the one that it replaces, and no other key moves`() throws {
        var world = servingWorld()
        world.ask(by: world.ready(of: "main")[0], for: "Lemon.Categories")
        world.bringUp()
        let caller = world.ready(of: "Lemon.Categories")[0]
        world.ask(by: caller, for: "Lemon.CategoryCache")
        world.bringUp()
        let before = try #require(world.assignment(of: "Lemon.CategoryCache", seenBy: caller))
        let old = world.ready(of: "Lemon.CategoryCache")
        world.restart("Lemon.CategoryCache")
        world.bringUp()
        let new = world.ready(of: "Lemon.CategoryCache")[2]
        #expect(
            world.assignment(of: "Lemon.CategoryCache", seenBy: caller) == before, "nothing moves before it is settled")
        world.advance(settling)
        let after = try #require(world.assignment(of: "Lemon.CategoryCache", seenBy: caller))
        #expect(after.slices.map(\.start) == before.slices.map(\.start))
        #expect(after.slices.map(\.replicas) == before.slices.map { $0.replicas.map { $0 == old[0] ? new : $0 } })
    }

    @Test func `a replica that was given up is brought back by a restart`() {
        var world = servingWorld()
        world.ask(by: world.ready(of: "main")[0], for: "Lemon.Products")
        for _ in 0..<20 {
            for replica in world.starting(of: "Lemon.Products") { world.die(replica) }
            world.advance(.seconds(6))
        }
        #expect(world.states(of: "Lemon.Products") == [.givenUp, .givenUp])
        world.restart("Lemon.Products")
        for _ in 0..<2 {
            world.bringUp()
            world.advance(settling)
        }
        #expect(world.states(of: "Lemon.Products") == [.ready, .ready])
    }

    @Test func `a lack of processes passes, and the restart goes on`() {
        var world = servingWorld()
        world.hasShortage = true
        world.restart()
        world.advance(.seconds(20))
        #expect(world.progress.last?.outcome == .underWay)
        world.hasShortage = false
        world.advance(.seconds(6))
        bringUp(&world)
        world.advance(settling)
        #expect(world.drained.count == 1)
    }
}
