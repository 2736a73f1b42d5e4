import WeaverRuntime

/// What the shop sells.
@Component
protocol Catalogue: Sendable {
    /// The product with that id, if there is one.
    @Idempotent
    func product(_ id: Int) async throws -> Product?
    /// All products whose names contain `text` in any case, by id.
    @Idempotent
    func search(_ text: String) async throws -> [Product]
}

struct Product: Codable, Equatable, Sendable {
    var id: Int
    var name: String
    /// The price of one.
    var cents: Int
}

/// The catalogue of the products in a store, which are read once.
@Implements(Catalogue.self)
actor ProductCatalogue: Catalogue {
    @Config var config: DataConfig
    private let store: any Store
    private var known: [Product]?

    init(context: ComponentContext) async throws {
        store = FileStore(folder: try context.config(DataConfig.self).data)
    }

    init(store: any Store) {
        self.store = store
    }

    func product(_ id: Int) async throws -> Product? {
        try await products().first { $0.id == id }
    }

    func search(_ text: String) async throws -> [Product] {
        try await products().filter { text.isEmpty || $0.name.lowercased().contains(text.lowercased()) }
    }

    private func products() async throws -> [Product] {
        if let known { return known }
        let products = try await store.products().sorted { $0.id < $1.id }
        known = products
        return products
    }
}
