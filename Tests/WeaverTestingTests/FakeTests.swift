import Synchronization
import TestSupport
import Testing
import WeaverRuntime
import WeaverTesting

/// Fakes stand for components in each runner, and the test sees what they saw.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct FakeTests {
    private actor PantryFake: Pantry {
        private(set) var taken: [Int] = []
        func take(_ count: Int, of item: String) async throws -> Int {
            taken.append(count)
            if count > 100 { throw KitchenError.soldOut("fake \(item)", left: 100) }
            return 100 - count
        }
        func hang(quietly: Bool) async throws {}
        func processID() async throws -> Int32 { -1 }
        func tenant() async throws -> String? { CallContext.current.metadata["tenant"] }
        func crash() async throws {}
    }

    private struct WaiterFake: Waiter {
        func order(eggs: Int) async throws -> String { "a fake has \(eggs) eggs" }
    }

    /// Stands for two components.
    private final class Both: Ledger, Waiter {
        func note(_ line: String) async throws {}
        func order(eggs: Int) async throws -> String { "both" }
    }

    private struct CookMock {}

    @Test(arguments: .allRunners)
    func `calls of components land on the fake, whose state the test sees`(runner: WeaverRunner) async throws {
        let fake = PantryFake()
        try await withWeaver(runner, components: [QuickWaiter.self], fakes: [fake, TestLedger()]) { weaver in
            let waiter = try weaver.get((any Waiter).self)
            #expect(try await waiter.order(eggs: 2) == "omelette")
            let dish = try await weaver.get((any Cook).self).omelette(eggs: 30)
            #expect(dish.parts == ["egg": 30, "left": 70])
            let pantry = try weaver.get((any Pantry).self)
            #expect(try await pantry.processID() == -1)
            #expect(Set(await fake.taken) == [2, 30])
        }
    }

    @Test(arguments: .allRunners)
    func `what a fake throws arrives as itself`(runner: WeaverRunner) async throws {
        try await withWeaver(runner, components: [NightCook.self], fakes: [PantryFake(), TestLedger()]) { weaver in
            let cook = try weaver.get((any Cook).self)
            await #expect(throws: KitchenError.soldOut("fake egg", left: 100)) { try await cook.omelette(eggs: 101) }
        }
    }

    @Test(arguments: .allRunners)
    func `what only the replaced implementation needs is not run`(runner: WeaverRunner) async throws {
        // The pantry would not start: it has no config, and nobody has the ledger.
        try await withWeaver(runner, components: [QuickWaiter.self], fakes: [CookFake()]) { weaver in
            let waiter = try weaver.get((any Waiter).self)
            #expect(try await waiter.order(eggs: 1) == "nothing")
            #expect(throws: WeaverTestError.self) { try weaver.get((any Pantry).self) }
        }
    }

    private struct CookFake: Cook {
        func omelette(eggs: Int) async throws -> Dish { Dish(name: "nothing", parts: [:]) }
        func waits() async throws {}
        func taste(_ number: Int) async throws -> Int { 0 }
        func askMainActor() async throws -> Int { 0 }
        func processID() async throws -> Int32 { 0 }
    }

    @Test(arguments: .allRunners)
    func `a fake of two components stands for both`(runner: WeaverRunner) async throws {
        try await withWeaver(
            runner, components: Kitchen.components, fakes: [Both()], config: Kitchen.config
        ) { weaver in
            let waiter = try weaver.get((any Waiter).self)
            #expect(try await waiter.order(eggs: 1) == "both")
            let cook = try weaver.get((any Cook).self)
            #expect(try await cook.taste(4) == 8)
        }
    }

    @Test(arguments: .allRunners)
    func `the config of the application may be used, whatever fakes stand for`(runner: WeaverRunner) async throws {
        try await withWeaver(
            runner, components: Kitchen.components, fakes: [PantryFake(), TestLedger()],
            config: "[weaver]\ncolocate = [[\"Waiter\", \"Pantry\", \"Cook\"]]\n[Pantry]\neggs = 6"
        ) { weaver in
            let waiter = try weaver.get((any Waiter).self)
            #expect(try await waiter.order(eggs: 2) == "omelette")
        }
    }

    @Test(arguments: .allRunners)
    func `a fake of no component, and a second one, are refused by name`(runner: WeaverRunner) async throws {
        func refusal(of fakes: [any Sendable]) async -> String {
            let error = await #expect(throws: WeaverTestError.self) {
                try await withWeaver(
                    runner, components: Kitchen.components, fakes: fakes, config: Kitchen.config
                ) { _ in Issue.record("it runs") }
            }
            guard case .fake(let reason) = error else { return "\(String(describing: error))" }
            return reason
        }
        #expect(
            await refusal(of: [CookMock()]) == "CookMock conforms to the protocol of no component; is it meant for "
                + "WeaverTestingTests.Cook, whose protocol it does not conform to?")
        #expect(await refusal(of: ["Zebra"]).hasPrefix("String conforms to the protocol of no component; there are "))
        #expect(
            await refusal(of: [WaiterFake(), Both()])
                == "two fakes stand for WeaverTestingTests.Waiter: WaiterFake and Both")
    }
}
