import Hummingbird
import Logging
import WeaverEmbedding

/// The whole service, layer upon layer, with its data in the folder `data`.
func buildApplication(
    configuration: ApplicationConfiguration, data: String
) async throws -> some ApplicationProtocol {
    let weaver = WeaverService(config: .text("[Catalogue]\ndata = '\(data)'"))
    let catalogue = try await weaver.get((any Catalogue).self)
    let orders = OrderService(catalogue: catalogue, store: FileStore(folder: data))
    return Application(
        router: buildRouter(catalogue, orders),
        configuration: configuration,
        services: [weaver],
        logger: Logger(label: "shop"))
}

/// The HTTP layer over the services.
func buildRouter(_ catalogue: any Catalogue, _ orders: any Orders) -> Router<BasicRequestContext> {
    let router = Router()
    router.addRoutes(ProductRoutes(catalogue: catalogue).routes, atPath: "/products")
    router.addRoutes(OrderRoutes(orders: orders).routes, atPath: "/orders")
    return router
}
