import WeaverRuntime

/// A cache of categories that reads and writes through to the database.
@Component
protocol CategoryCache: Sendable {
    /// The category with this id, or `nil`.
    @Idempotent func get(_ id: Int) async throws -> CachedCategory?

    /// Stores a new category; `false` when its id is taken.
    func create(_ category: Category) async throws -> Bool

    /// Replaces a category; `false` when there is none with its id.
    @Idempotent func update(_ category: Category) async throws -> Bool
}

/// Every category has one replica that caches it: the calls for an id all go to the owner of that id. That is why the
/// category that was just written is found in the cache, whichever process asks.
struct CategoryCacheRouter: CategoryCacheRouting {
    func get(_ id: Int) -> Int { id }
    func create(_ category: Category) -> Int { category.id }
    func update(_ category: Category) -> Int { category.id }
}
