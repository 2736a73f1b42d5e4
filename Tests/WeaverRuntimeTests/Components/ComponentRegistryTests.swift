import Testing
import WeaverRuntime

@Suite struct ComponentRegistryTests {
    private let app = OrchardApp.implementationRecord
    private let till = TillService.implementationRecord
    private let stock = StockService.implementationRecord

    private func problems(
        linked: [ImplementationRecord], listed: [ImplementationRecord]
    ) -> [ComponentProblems.Problem] {
        do throws(ComponentProblems) {
            _ = try ComponentRegistry(linked: linked, listed: listed)
            return []
        } catch {
            return error.problems
        }
    }

    @Test func `a record that is linked and listed counts once`() throws {
        let all = [app, till, stock]
        let registry = try ComponentRegistry(linked: all + all, listed: [app, stock])
        #expect(Set(registry.records.keys) == ["main", Orchard.till, Orchard.stock])
    }

    @Test func `with a list only what it reaches is run, so that one binary may have several applications`() throws {
        let registry = try ComponentRegistry(linked: [till, stock, ActorShop.implementationRecord], listed: [app])
        #expect(registry.records[ActorShop.implementationRecord.component.name] == nil)
        #expect(registry.records[Orchard.stock] != nil)
    }

    @Test func `a ref whose implementation is neither linked nor listed is told`() {
        let found = problems(linked: [], listed: [app, till])
        #expect(found.count == 2)
        #expect(found.allSatisfy { $0.description.contains("needs \(Orchard.stock)") })
    }

    @Test func `without an implementation of Main there is nothing to run`() {
        #expect(problems(linked: [stock], listed: []) == [.noMain])
    }

    @Test func `embedded, no main is run or needed, and what a listed one has refs to is run`() throws {
        let linked = try ComponentRegistry(linked: [app, till, stock], listed: [], hasMain: false)
        #expect(Set(linked.records.keys) == [Orchard.till, Orchard.stock])
        let listed = try ComponentRegistry(linked: [till, stock], listed: [app], hasMain: false)
        #expect(Set(listed.records.keys) == [Orchard.till, Orchard.stock])
        let none = try ComponentRegistry(linked: [], listed: [], hasMain: false)
        #expect(none.records.isEmpty)
    }
}
