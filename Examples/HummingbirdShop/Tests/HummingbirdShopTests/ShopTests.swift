import Foundation
import Hummingbird
import HummingbirdTesting
import Testing

@testable import HummingbirdShop

/// The service from its routes down to its files.
@Suite struct ShopTests {
    @Test func `products are listed, searched in any case, and shown by id`() async throws {
        try await withShop { client in
            let all = try await client.products("/products")
            let teas = try await client.products("/products?q=TEA")
            #expect(all.map(\.id) == [1, 2, 3])
            #expect(teas.map(\.name) == ["Green tea", "Teapot"])
            try await client.execute(uri: "/products/2", method: .get) { response in
                #expect(response.status == .ok)
                let product = try JSONDecoder().decode(Product.self, from: response.body)
                #expect(product == Product(id: 2, name: "Honey", cents: 620))
            }
            try await client.execute(uri: "/products/9", method: .get) { #expect($0.status == .noContent) }
            try await client.execute(uri: "/products/tea", method: .get) { #expect($0.status == .badRequest) }
        }
    }

    @Test func `an order is priced from the catalogue, kept, and shown again`() async throws {
        try await withShop { client in
            let items = #"{"items": [{"product": 1, "quantity": 2}, {"product": 2, "quantity": 1}]}"#
            let order = try await client.execute(uri: "/orders", method: .post, body: ByteBuffer(string: items)) {
                #expect($0.status == .created)
                return try JSONDecoder().decode(Order.self, from: $0.body)
            }
            #expect(order.cents == 2 * 450 + 620)
            try await client.execute(uri: "/orders/\(order.id)", method: .get) {
                let kept = try JSONDecoder().decode(Order.self, from: $0.body)
                #expect(kept == order)
            }
            try await client.execute(uri: "/orders/\(UUID())", method: .get) { #expect($0.status == .noContent) }
        }
    }

    @Test(
        arguments: [
            #"{"items": []}"#, #"{"items": [{"product": 9, "quantity": 1}]}"#,
            #"{"items": [{"product": 1, "quantity": 0}]}"#, #"{"items": [{"product": 1, "quantity": 101}]}"#,
        ])
    func `an order of nothing, of too much, or of what there is not, is refused`(items: String) async throws {
        try await withShop { client in
            try await client.execute(uri: "/orders", method: .post, body: ByteBuffer(string: items)) {
                #expect($0.status == .unprocessableContent)
            }
        }
    }
}

/// Runs `test` with a shop whose data is a folder of its own.
private func withShop(_ test: @Sendable (any TestClientProtocol) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("shop-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let products = [
        Product(id: 3, name: "Teapot", cents: 2900), Product(id: 1, name: "Green tea", cents: 450),
        Product(id: 2, name: "Honey", cents: 620),
    ]
    try JSONEncoder().encode(products).write(to: folder.appendingPathComponent("products.json"))
    let app = try await buildApplication(configuration: ApplicationConfiguration(), data: folder.path)
    try await app.test(.router, test)
}

extension TestClientProtocol {
    fileprivate func products(_ uri: String) async throws -> [Product] {
        try await execute(uri: uri, method: .get) { response in
            #expect(response.status == .ok)
            return try JSONDecoder().decode([Product].self, from: response.body)
        }
    }
}
