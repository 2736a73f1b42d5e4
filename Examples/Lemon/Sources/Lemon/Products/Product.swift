import GRDB
import WeaverRuntime

/// A product as clients see it.
struct Product: Codable, Equatable, Sendable, FetchableRecord {
    var id: Int
    var name: String
    var description: String
    var price: Double
    var categoryID: Int?
    var categoryName: String?

    enum CodingKeys: String, CodingKey {
        case id, name, description, price
        case categoryID = "category_id"
        case categoryName = "category_name"
    }
}

extension Product {
    /// All keys, always: a product without a category says so by null.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(name, forKey: .name)
        try container.encode(description, forKey: .description)
        try container.encode(price, forKey: .price)
        try container.encode(categoryID, forKey: .categoryID)
        try container.encode(categoryName, forKey: .categoryName)
    }
}

/// What a client says about a product that it creates or replaces.
struct ProductDraft: Codable, Equatable, Sendable {
    var name: String
    var description: String?
    var price: Double
    var categoryID: Int?

    enum CodingKeys: String, CodingKey {
        case name, description, price
        case categoryID = "category_id"
    }
}

/// Why a product cannot be stored. It is `@Serializable`, so it is thrown to the caller as itself, also between processes.
@Serializable
enum ProductError: Error, Equatable {
    /// The draft names a category that does not exist.
    case unknownCategory(Int)
}
