import GRDB
import WeaverRuntime

/// A category of products. The client chooses its id.
struct Category: Codable, Equatable, Sendable, FetchableRecord {
    var id: Int
    var name: String
}

/// A category, and whether the cache had it.
struct CachedCategory: Codable, Equatable, Sendable {
    var category: Category
    var isHit: Bool
}
