import Testing
import WeaverRuntime

// A small application that the tests of the stubs share: one interface with a method of each shape, implemented by an
// actor, a class and a struct.

@Serializable
struct Category: Equatable {
    let id: Int
    var name: String
    var parent: Int?
}

@Serializable
enum ShopError: Error, Equatable {
    case empty
    case unknown(Int, reason: String)
}

enum StockError: Error, Codable, Equatable {
    case soldOut
}

struct PlainError: Error {}

@Component(errors: StockError.self)
protocol Shop: Sendable {
    @Idempotent func get(_ id: Int) async throws -> Category?
    @Deadline(.seconds(5)) func put(_ category: Category, at: Int) async throws
    func get(_ name: String) async throws -> [Category]
    func pair(_ both: (Int, name: String)) async throws -> (name: String, Int)
    func fail(with kind: Int) async throws
    func thread() async throws -> UInt64
}

@Implements(Shop.self)
actor ActorShop: Shop {
    private var stored: [Int: Category] = [:]

    func get(_ id: Int) async throws -> Category? { stored[id] }
    func put(_ category: Category, at: Int) async throws { stored[at] = category }
    func get(_ name: String) async throws -> [Category] { stored.values.filter { $0.name == name } }
    func pair(_ both: (Int, name: String)) async throws -> (name: String, Int) { (both.name, both.0) }
    func thread() async throws -> UInt64 { currentThread() }

    func fail(with kind: Int) async throws {
        switch kind {
        case 0: throw ShopError.unknown(7, reason: "gone")
        case 1: throw StockError.soldOut
        default: throw PlainError()
        }
    }
}
