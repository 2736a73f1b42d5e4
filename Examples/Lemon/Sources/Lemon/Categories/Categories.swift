import WeaverRuntime

// The interfaces are `package`, and with them their types, because of swiftc 6.3: with whole-module optimisation it takes
// the one conformance to an internal protocol that it finds in the source for the only one, does not see those that a
// macro has written, and calls the implementation where a stub is.

/// The categories of the shop.
@Component
package protocol Categories: Sendable {
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
