import WeaverRuntime

/// The products of the shop.
@Component
protocol Products: Sendable {
    /// The products with these ids, in the order of the ids; unknown ids are left out.
    @Idempotent func list(_ ids: [Int]) async throws -> [Product]

    /// Stores a new product and gives its id.
    func create(_ draft: ProductDraft) async throws -> Int

    /// Replaces a product; `false` when there is none with this id.
    @Idempotent func update(_ id: Int, to draft: ProductDraft) async throws -> Bool

    /// Deletes a product; `false` when there is none with this id.
    func delete(_ id: Int) async throws -> Bool
}
