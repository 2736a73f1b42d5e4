import Hummingbird
import WeaverRuntime

@main
struct App {
    static func main() async throws {
        // `weaver` has started this process, which is one of several: see ShopApp.
        if Weaver.isDeployed { await Weaver.run() }
        let environment = Environment()
        let app = try await buildApplication(
            configuration: ApplicationConfiguration(
                address: .hostname("127.0.0.1", port: environment.get("PORT", as: Int.self) ?? 8080),
                serverName: "shop"),
            data: environment.get("SHOP_DATA") ?? "data")
        try await app.runService()
    }
}
