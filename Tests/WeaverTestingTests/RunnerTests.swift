import TestSupport
import Testing
import WeaverCore
import WeaverRuntime
import WeaverTesting

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What most tests of this suite run.
enum Kitchen {
    static let components: [any Implementation.Type] = [QuickWaiter.self, NightCook.self, ColdPantry.self]
    static let config = "[weaver]\nreplicas = 1\n[Pantry]\neggs = 6\n"

    static func run<R>(
        _ runner: WeaverRunner, ledger: TestLedger = TestLedger(), _ body: (TestDeployment) async throws -> R
    ) async throws -> R {
        try await withWeaver(runner, components: components, fakes: [ledger], config: config, body)
    }
}

/// Each runner gives the same answers.
// One after another: beside all the other tests each of them starts processes.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct RunnerTests {
    // MARK: Calls

    @Test(arguments: .allRunners)
    func `calls go from component to component, and values come back whole`(runner: WeaverRunner) async throws {
        try await Kitchen.run(runner) { weaver in
            let waiter = try weaver.get((any Waiter).self)
            #expect(try await waiter.order(eggs: 2) == "omelette")
            let dish = try await weaver.get((any Cook).self).omelette(eggs: 3)
            #expect(dish == Dish(name: "omelette", parts: ["egg": 3, "left": 1]))
        }
    }

    @Test(arguments: .allRunners)
    func `components run where the runner says`(runner: WeaverRunner) async throws {
        try await Kitchen.run(runner) { weaver in
            let processes = [
                try await weaver.get((any Cook).self).processID(), try await weaver.get((any Pantry).self).processID(),
            ]
            switch runner {
            case .local, .rpc: #expect(processes == [getpid(), getpid()])
            case .multi: #expect(Set(processes + [getpid()]).count == 3)
            }
        }
    }

    @Test(arguments: .allRunners)
    func `the main actor is served in each process`(runner: WeaverRunner) async throws {
        try await Kitchen.run(runner) { weaver in
            let cook = try weaver.get((any Cook).self)
            #expect(try await cook.askMainActor() == 7)
        }
    }

    @Test(arguments: .allRunners)
    func `many calls at once each get their own answer, and calls one after the other keep their order`(
        runner: WeaverRunner
    ) async throws {
        let ledger = TestLedger()
        try await Kitchen.run(runner, ledger: ledger) { weaver in
            let cook = try weaver.get((any Cook).self)
            let answers = try await withThrowingTaskGroup { group in
                for number in 0..<300 { group.addTask { (number, try await cook.taste(number)) } }
                return try await group.reduce(into: [Int: Int]()) { $0[$1.0] = $1.1 }
            }
            #expect(answers == Dictionary(uniqueKeysWithValues: (0..<300).map { ($0, $0 * 2) }))
            #expect(ledger.all.count == 300)
            for number in 1000..<1020 { _ = try await cook.taste(number) }
            #expect(ledger.all.suffix(20) == (1000..<1020).map { "taste \($0)" })
        }
    }

    @Test(arguments: .allRunners)
    func `metadata goes with the calls`(runner: WeaverRunner) async throws {
        try await Kitchen.run(runner) { weaver in
            let pantry = try weaver.get((any Pantry).self)
            let tenant = try await withCall(metadata: ["tenant": "blue"]) { try await pantry.tenant() }
            #expect(tenant == "blue")
            #expect(try await pantry.tenant() == nil)
        }
    }

    @Test(arguments: .allRunners)
    func `calls of one key have one owner`(runner: WeaverRunner) async throws {
        // Two processes in .multi, each with seats of its own.
        try await withWeaver(runner, components: [RoundTable.self]) { weaver in
            let table = try weaver.get((any Table).self)
            for guest in ["ann", "bob", "cy", "dee"] {
                for count in 1...4 { #expect(try await table.seat(guest: guest) == count) }
            }
        }
    }

    // MARK: Errors, cancellation, deadlines

    @Test(arguments: .allRunners)
    func `an error of a component arrives as itself through two calls`(runner: WeaverRunner) async throws {
        try await Kitchen.run(runner) { weaver in
            let cook = try weaver.get((any Cook).self)
            await #expect(throws: KitchenError.soldOut("egg", left: 6)) { try await cook.omelette(eggs: 7) }
            let waiter = try weaver.get((any Waiter).self)
            #expect(try await waiter.order(eggs: 7) == "no egg")
        }
    }

    @Test(arguments: .allRunners)
    func `a call that is cancelled is cancelled where it runs, two calls away`(runner: WeaverRunner) async throws {
        let ledger = TestLedger()
        try await Kitchen.run(runner, ledger: ledger) { weaver in
            let cook = try weaver.get((any Cook).self)
            let call = Task { try await cook.waits() }
            try await eventually("the call runs: \(ledger.all)") { ledger.all == ["hanging"] }
            call.cancel()
            await #expect(throws: (any Error).self) { try await call.value }
            try await eventually("it is cancelled: \(ledger.all)") { ledger.all == ["hanging", "cancelled"] }
        }
    }

    @Test(arguments: .allRunners)
    func `a deadline is kept by callers, and by those who are called`(runner: WeaverRunner) async throws {
        let ledger = TestLedger()
        try await Kitchen.run(runner, ledger: ledger) { weaver in
            let cook = try weaver.get((any Cook).self)
            let error = await #expect(throws: CallError.self) {
                try await withCall(deadline: .milliseconds(100)) { try await cook.waits() }
            }
            #expect(error?.code == .deadlineExceeded)
            try await eventually("it is cancelled: \(ledger.all)") { ledger.all.last != "hanging" }
        }
    }

    // MARK: Config and listeners

    @Test(arguments: .allRunners)
    func `a component has its section of the config, and nothing runs with one that it cannot use`(
        runner: WeaverRunner
    ) async throws {
        let mistakes = [
            "[Pantry]\neggs = \"six\"": "config:2: [WeaverTestingTests.Pantry]: the value of 'eggs' is of another type "
                + "than the component reads",
            "[Pantry]\n": "config:1: [WeaverTestingTests.Pantry]: the key 'eggs' is missing",
            "\n[Pantri]\neggs = 6": "config:2: unknown section [Pantri]; did you mean \"Pantry\"?",
            "[weaver]\nreplica = 2": "config:2: unknown key \"replica\" in [weaver]; did you mean \"replicas\"?",
        ]
        for (config, words) in mistakes {
            await #expect(throws: WeaverTestError.config(words)) {
                try await withWeaver(
                    runner, components: Kitchen.components, fakes: [TestLedger()], config: config
                ) { _ in Issue.record("it runs") }
            }
        }
    }

    @Test(arguments: .allRunners)
    func `a listener is found at its address`(runner: WeaverRunner) async throws {
        try await withWeaver(runner, components: [ServingHatch.self]) { weaver in
            let address = try #require(await weaver.address(ofListener: "hatch"))
            let reply = try await withLoop { loop in
                let client = try await RawPeer.connect(to: try #require(SocketAddress(address)), loop: loop)
                try await client.send("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
                let reply = await client.receiveAll()
                try await client.close()
                return reply
            }
            #expect(reply.hasPrefix("HTTP/1.1 200 ") && reply.hasSuffix("served"), "\(reply)")
            #expect(await weaver.address(ofListener: "door") == nil)
        }
    }

    // MARK: What does not start

    @Test(arguments: .allRunners)
    func `a component whose init throws ends it all, with the reason`(runner: WeaverRunner) async throws {
        let error = await #expect(throws: WeaverTestError.self) {
            try await withWeaver(
                runner, components: [NightCook.self, LockedPantry.self], fakes: [TestLedger()],
                config: "[weaver]\nreplicas = 1"
            ) { _ in Issue.record("it runs") }
        }
        guard case .start(let reason, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason == "WeaverTestingTests.Pantry did not start: soldOut(\"key\", left: 0)")
    }

    @Test(arguments: .allRunners)
    func `a component that does not start in time is named`(runner: WeaverRunner) async throws {
        let error = await #expect(throws: WeaverTestError.self) {
            try await withWeaver(
                runner, components: [NightCook.self, SlowPantry.self], fakes: [TestLedger()],
                config: "[weaver]\nreplicas = 1", startTimeout: .seconds(2)
            ) { _ in Issue.record("it runs") }
        }
        guard case .start(let reason, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        // On a busy machine others may not have started in two seconds, either.
        #expect(reason.contains("WeaverTestingTests.Pantry"), "\(reason)")
        #expect(reason.hasSuffix(" did not start within 2.0 seconds"), "\(reason)")
    }

    @Test(arguments: .allRunners)
    func `components that need each other are refused with the path`(runner: WeaverRunner) async throws {
        let error = await #expect(throws: ComponentProblems.self) {
            try await withWeaver(runner, components: [BrownChicken.self]) { _ in Issue.record("it runs") }
        }
        #expect(error?.description.contains("Chicken → WeaverTestingTests.Egg → WeaverTestingTests.Chicken") == true)
    }

    @Test(arguments: .allRunners)
    func `an interface that nothing has is no component`(runner: WeaverRunner) async throws {
        try await withWeaver(runner, components: [RoundTable.self]) { weaver in
            #expect(throws: WeaverTestError.self) { try weaver.get((any Cook).self) }
        }
    }
}
