import WeaverRuntime

/// The categories of the shop.
@Component
protocol Categories: Sendable {
    /// The category with this id, or `nil`.
    @Idempotent func get(_ id: Int) async throws -> CachedCategory?

    /// Stores a new category; `false` when its id is taken.
    func create(_ category: Category) async throws -> Bool

    /// Replaces a category; `false` when there is none with its id.
    @Idempotent func update(_ category: Category) async throws -> Bool
}

/// Categories over the cache: the place for the rules of the business, of which a shop this small has none.
@Implements(Categories.self)
final class CategoryService: Categories {
    @Ref var cache: any CategoryCache

    func get(_ id: Int) async throws -> CachedCategory? {
        try await cache.get(id)
    }

    func create(_ category: Category) async throws -> Bool {
        try await cache.create(category)
    }

    func update(_ category: Category) async throws -> Bool {
        try await cache.update(category)
    }
}
