/// What a category cache holds, bounded.
struct CategoryEntries {
    /// How many categories are held at most.
    static let capacity = 100_000
    /// How many of them, whichever, make room when a new one finds none.
    static let evicted = 1_000

    /// A category as it was when the database had a version.
    struct Entry: Equatable {
        var category: Category
        var checkedAt: Int
    }

    private var entries: [Int: Entry] = [:]

    /// How many there are.
    var count: Int { entries.count }

    /// What is held for an id.
    subscript(id: Int) -> Entry? { entries[id] }

    /// Holds `category`, in the place of what was held for its id. Only a new one ever costs others their place.
    mutating func remember(_ category: Category, _ version: Int) {
        let entry = Entry(category: category, checkedAt: version)
        guard entries.updateValue(entry, forKey: category.id) == nil, entries.count > Self.capacity else { return }
        for id in Array(entries.keys.prefix(Self.evicted + 1)) where id != category.id { entries[id] = nil }
    }

    /// Holds nothing for an id.
    mutating func forget(_ id: Int) {
        entries[id] = nil
    }
}
