import Hummingbird

/// `GET /products?q=tea` and `GET /products/1`.
struct ProductRoutes {
    let catalogue: any Catalogue

    var routes: RouteCollection<BasicRequestContext> {
        RouteCollection(context: BasicRequestContext.self)
            .get(use: list)
            .get(":id", use: show)
    }

    @Sendable private func list(_ request: Request, _ context: BasicRequestContext) async throws -> [Product] {
        try await catalogue.search(request.uri.queryParameters.get("q") ?? "")
    }

    @Sendable private func show(_ request: Request, _ context: BasicRequestContext) async throws -> Product? {
        try await catalogue.product(context.parameters.require("id", as: Int.self))
    }
}

extension Product: ResponseEncodable {}
