import Foundation

/// What customers want.
protocol Orders: Sendable {
    /// Prices and keeps an order. Throws ``OrderError`` when it cannot be one.
    func place(_ items: [Order.Item]) async throws -> Order
    /// The order with that id, if there is one.
    func order(_ id: UUID) async throws -> Order?
}

struct Order: Codable, Equatable, Sendable {
    struct Item: Codable, Equatable, Sendable {
        var product: Int
        var quantity: Int
    }

    var id: UUID
    var items: [Item]
    /// The price of all items.
    var cents: Int
}

enum OrderError: Error, Equatable, CustomStringConvertible {
    case empty
    case quantity(Int)
    case unknownProduct(Int)

    var description: String {
        switch self {
        case .empty: "an order has at least one item"
        case .quantity(let quantity): "\(quantity) is not a quantity from 1 to 100"
        case .unknownProduct(let id): "there is no product \(id)"
        }
    }
}

/// Orders at the catalogue's prices, kept in a store.
struct OrderService: Orders {
    let catalogue: any Catalogue
    let store: any Store

    func place(_ items: [Order.Item]) async throws -> Order {
        guard !items.isEmpty else { throw OrderError.empty }
        var order = Order(id: UUID(), items: items, cents: 0)
        for item in items {
            guard 1...100 ~= item.quantity else { throw OrderError.quantity(item.quantity) }
            guard let product = try await catalogue.product(item.product) else {
                throw OrderError.unknownProduct(item.product)
            }
            order.cents += item.quantity * product.cents
        }
        try await store.save(order)
        return order
    }

    func order(_ id: UUID) async throws -> Order? {
        try await store.order(id)
    }
}
