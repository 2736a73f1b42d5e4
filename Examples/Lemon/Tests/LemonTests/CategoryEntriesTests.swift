import Testing

@testable import Lemon

@Suite struct CategoryEntriesTests {
    private func full() -> CategoryEntries {
        var entries = CategoryEntries()
        for id in 0..<CategoryEntries.capacity { entries.remember(Lemon.Category(id: id, name: "old"), 1) }
        return entries
    }

    @Test func replacingInAFullCacheCostsNobodyItsPlace() {
        var entries = full()
        for id in 0..<10 { entries.remember(Lemon.Category(id: id, name: "new"), 2) }
        #expect(entries.count == CategoryEntries.capacity)
        #expect(entries[5]?.category.name == "new")
    }

    @Test func aNewCategoryInAFullCacheCostsAFewTheirPlaceAndIsThere() {
        var entries = full()
        let id = CategoryEntries.capacity
        entries.remember(Lemon.Category(id: id, name: "new"), 2)
        #expect(entries[id]?.category.name == "new")
        #expect(entries.count < CategoryEntries.capacity)
        #expect(entries.count >= CategoryEntries.capacity - CategoryEntries.evicted)
    }
}
