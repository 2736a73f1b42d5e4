import Foundation
import Testing

extension Integration {
    /// The shop of Examples/HummingbirdShop, whose HTTP layer is Hummingbird's: on its own, with the catalogue embedded, and
    /// as several processes.
    @Suite(.serialized) struct HummingbirdShopTests {
        @Test func everyRouteWorksInTheServiceByItselfAndItEndsInOrder() async throws {
            let sandbox = try Sandbox()
            try sandbox.writeProducts()
            let port = try ListeningPort.free()
            let shop = try Program(
                Binaries.shop, [], in: sandbox, environment: ["PORT": "\(port)", "SHOP_DATA": sandbox.folder])
            defer { shop.signal(SIGKILL) }
            try await eventually("a listener: \(shop.errors)") {
                guard shop.isRunning else { throw DidNotHappen(description: "a start: \(shop.errors)") }
                return (try? HTTPConnection(port: port)) != nil
            }
            try Self.script(try HTTPConnection(port: port))
            shop.signal(SIGTERM)
            #expect(try await shop.exitCode() == 0, "\(shop.errors)")
        }

        @Test func everyRouteWorksThroughTheProxyWithTheCatalogueInReplicas() async throws {
            let sandbox = try Sandbox()
            try sandbox.writeProducts()
            let shop = try await Deployment(config: try sandbox.shopConfig(), in: sandbox)
            for _ in 1...10 { try Self.script(try shop.connect()) }
            let catalogues = try await shop.pids(of: "HummingbirdShop.Catalogue")
            #expect(catalogues.count == 3)
            #expect(try await shop.pids(of: "main").count == 2)
            // Orders are priced on while a replica of the catalogue is replaced.
            let victim = try #require(catalogues.first)
            kill(victim, SIGKILL)
            for _ in 1...10 { try Self.script(try shop.connect()) }
            try await shop.recover("HummingbirdShop.Catalogue", from: victim, replicas: 3)
            try await shop.end(by: SIGINT)
            #expect(sandbox.leftBehind() == [])
        }

        private static func script(_ http: HTTPConnection) throws {
            let found = try http.request("GET", "/products?q=tea")
            #expect(found.status == 200 && found.headers["server"] == "shop")
            #expect(found.body.contains("Green tea") && !found.body.contains("Honey"))
            #expect(try http.request("GET", "/products/9").status == 204)
            let items = #"{"items": [{"product": 1, "quantity": 2}, {"product": 2, "quantity": 1}]}"#
            let placed = try http.request("POST", "/orders", items)
            #expect(placed.status == 201)
            struct Order: Decodable {
                var id: UUID
                var cents: Int
            }
            let order = try JSONDecoder().decode(Order.self, from: Data(placed.body.utf8))
            #expect(order.cents == 1520)
            // Any process finds it.
            let kept = try http.request("GET", "/orders/\(order.id)")
            #expect(kept.status == 200 && kept.body.contains("1520"))
            #expect(try http.request("POST", "/orders", #"{"items": []}"#).status == 422)
        }
    }
}

extension Sandbox {
    fileprivate func writeProducts() throws {
        _ = try write(
            #"[{"id": 1, "name": "Green tea", "cents": 450}, {"id": 2, "name": "Honey", "cents": 620}]"#,
            to: "products.json")
    }

    fileprivate func shopConfig() throws -> String {
        try write(
            """
            [weaver]
            name = "shop"
            binary = "\(Binaries.shop)"

            [weaver.group.Catalogue]
            replicas = 3

            [multi.listeners.shop]
            address = "127.0.0.1:0"

            [main]
            data = "\(folder)"

            [Catalogue]
            data = "\(folder)"
            """, to: "weaver.toml")
    }
}
