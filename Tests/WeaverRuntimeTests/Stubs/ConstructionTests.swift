import Testing
import WeaverCore
import WeaverRuntime

struct DepotConfig: Decodable, ValidatedConfig, Equatable {
    var path: String
    var size: Int
    var label: String?

    func validate() throws {
        if size < 0 { throw DepotError.negativeSize }
    }
}

enum DepotError: Error { case negativeSize }

@Component
protocol Depot: Sendable {
    func describe() async throws -> String
}

@Implements(Depot.self)
actor ShopDepot: Depot {
    @Ref var shop: any Shop
    @Config var settings: DepotConfig
    @Listener("front") var door: WeaverListener
    private var greeting = ""

    init(context: ComponentContext) async throws {
        // Refs and config are there inside the implementation's own initialiser.
        greeting = "\(context.component) at \(settings.path) with \(try await shop.get(1)?.name ?? "nothing")"
    }

    func describe() async throws -> String { greeting }
}

@Implements(Depot.self)
struct Alcove: Depot {
    @Ref var shop: any Shop
    func describe() async throws -> String { try await shop.thread() }
}

@Suite("construction")
struct ConstructionTests {
    @Test("refs and config are there inside the initialiser, the context is kept")
    func injection() async throws {
        let shop = try await ComponentContext.construct(ActorShop.self)
        try await shop.put(Category(id: 1, name: "tea", parent: nil), at: 1)
        let depot = try await ComponentContext.construct(
            ShopDepot.self,
            with: [
                .component(ShopComponent.self, shop), .config(DepotConfig(path: "/depot", size: 1, label: nil)),
            ])
        #expect(try await depot.describe() == "WeaverRuntimeTests.Depot at /depot with tea")
        #expect(depot.context.component == "WeaverRuntimeTests.Depot")
    }

    @Test("a component made by hand ends the program when its ref is used")
    func trap() async throws {
        // The initialiser of this one uses no ref, so that nothing is thrown before.
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let room = try await ComponentContext.construct(Alcove.self)
            _ = try await room.describe()
        }
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(text.contains("The @Ref property 'shop' has no value"))
    }

    @Test("the record says what the source says")
    func record() throws {
        let record = ShopDepot.implementationRecord
        #expect(record.component.name == "WeaverRuntimeTests.Depot")
        #expect(record.implementation == "WeaverRuntimeTests.ShopDepot")
        #expect(record.references.map(\.component) == ["WeaverRuntimeTests.Shop"])
        #expect(record.references.map(\.name) == ["shop"])
        #expect(record.listeners == ["front"])
        #expect(record.configs.map(\.name) == ["settings"])
        #expect(record.configs.first?.keys == ["label", "path", "size"])
        #expect(record.runsOn == .loop)
        #expect(PoolClassShop.implementationRecord.runsOn == .pool)
    }

    @Test("the linker section holds every implementation and error type of the binary")
    func linkedRecords() {
        let names = Set(LinkedRecords.all.implementations.map(\.implementation))
        #expect(names.isSuperset(of: ["ActorShop", "PoolStructShop", "ShopDepot"].map { "WeaverRuntimeTests.\($0)" }))
        #expect(LinkedRecords.all.errors.map(\.name).contains("WeaverRuntimeTests.ShopError"))
    }
}
