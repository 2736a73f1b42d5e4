import Hummingbird

@main
struct App {
    static func main() async throws {
        let environment = Environment()
        let app = try await buildApplication(
            configuration: ApplicationConfiguration(
                address: .hostname("127.0.0.1", port: environment.get("PORT", as: Int.self) ?? 8080),
                serverName: "shop"),
            data: environment.get("SHOP_DATA") ?? "data")
        try await app.runService()
    }
}
