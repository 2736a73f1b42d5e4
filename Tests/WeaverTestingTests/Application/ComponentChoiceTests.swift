import Testing
import WeaverRuntime

@testable import WeaverTesting

/// What is run of everything that is linked, without a list.
@Suite struct ComponentChoiceTests {
    private let linked = [
        QuickWaiter.implementationRecord, NightCook.implementationRecord, ColdPantry.implementationRecord,
        RoundTable.implementationRecord,
    ]
    private let ledger = Fakes.record(elsewhere: LedgerComponent.self)

    private func names(_ choice: ComponentChoice) -> [String] {
        choice.registry.records.keys.map { String($0.split(separator: ".").last ?? "") }.sorted()
    }

    @Test func `all of it is run where nothing is replaced`() throws {
        let choice = try ComponentChoice(linked: linked, listed: [], fakes: [ledger])
        #expect(names(choice) == ["Cook", "Ledger", "Pantry", "Table", "Waiter"])
    }

    @Test func `what only a replaced implementation leads to is not run`() throws {
        let cook = Fakes.record(elsewhere: CookComponent.self)
        let choice = try ComponentChoice(linked: linked, listed: [], fakes: [cook])
        #expect(names(choice) == ["Cook", "Table", "Waiter"])
    }

    @Test func `what something else leads to as well is run`() throws {
        // The cook needs the ledger too.
        let pantry = Fakes.record(elsewhere: PantryComponent.self)
        let choice = try ComponentChoice(linked: linked, listed: [], fakes: [pantry, ledger])
        #expect(names(choice) == ["Cook", "Ledger", "Pantry", "Table", "Waiter"])
    }

    @Test func `a ref that a fake does not fulfil is a problem as ever`() {
        #expect(throws: ComponentProblems.self) { try ComponentChoice(linked: linked, listed: [], fakes: []) }
    }

    @Test func `a circle is seen where a fake stands beside it`() {
        let circle = [BrownChicken.implementationRecord, WhiteEgg.implementationRecord]
        #expect(throws: ComponentProblems.self) {
            try ComponentChoice(linked: linked + circle, listed: [], fakes: [ledger])
        }
    }
}
