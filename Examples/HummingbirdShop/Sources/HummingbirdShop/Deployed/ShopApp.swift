import Hummingbird
import WeaverEmbedding
import WeaverRuntime

/// The service in a deployment: the HTTP layer and the orders, which reach the catalogue wherever it is.
@Implements(Main.self)
final class ShopApp: Main {
    @Ref var catalogue: any Catalogue
    @Config var config: DataConfig
    @Listener var shop: WeaverListener

    func serve() async throws {
        let orders = OrderService(catalogue: catalogue, store: FileStore(folder: config.data))
        let app = Application(
            router: buildRouter(catalogue, orders), configuration: ApplicationConfiguration(serverName: "shop"))
        try await run([app.listening(on: shop)], logger: app.logger)
    }
}
