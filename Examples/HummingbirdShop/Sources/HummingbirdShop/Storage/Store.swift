import Foundation

/// Where products and orders are kept.
protocol Store: Sendable {
    func products() async throws -> [Product]
    func save(_ order: Order) async throws
    func order(_ id: UUID) async throws -> Order?
}

/// A folder: `products.json`, and a file in `orders` for each order. Several processes may use it.
struct FileStore: Store {
    private let folder: URL

    init(folder: String) {
        self.folder = URL(fileURLWithPath: folder, isDirectory: true)
    }

    func products() async throws -> [Product] {
        let file = folder.appendingPathComponent("products.json")
        return try JSONDecoder().decode([Product].self, from: Data(contentsOf: file))
    }

    func save(_ order: Order) async throws {
        let file = self.file(of: order.id)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try JSONEncoder().encode(order).write(to: file, options: .atomic)
    }

    func order(_ id: UUID) async throws -> Order? {
        let file = self.file(of: id)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        return try JSONDecoder().decode(Order.self, from: Data(contentsOf: file))
    }

    private func file(of id: UUID) -> URL {
        folder.appendingPathComponent("orders").appendingPathComponent("\(id).json")
    }
}
