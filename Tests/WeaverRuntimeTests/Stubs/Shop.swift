import Synchronization
import Testing
import WeaverCore
import WeaverLoop
import WeaverRuntime

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

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
    func thread() async throws -> String
    func wait() async throws
}

func throwError(_ kind: Int) throws {
    switch kind {
    case 0: throw ShopError.unknown(7, reason: "gone")
    case 1: throw StockError.soldOut
    default: throw PlainError()
    }
}

/// What tells the thread that this is called on from others.
func currentThread() -> String { "\(pthread_self())" }

@Implements(Shop.self)
actor ActorShop: Shop {
    private var stored: [Int: Category] = [:]

    func get(_ id: Int) async throws -> Category? { stored[id] }
    func put(_ category: Category, at: Int) async throws { stored[at] = category }
    func get(_ name: String) async throws -> [Category] { stored.values.filter { $0.name == name } }
    func pair(_ both: (Int, name: String)) async throws -> (name: String, Int) { (both.name, both.0) }
    func fail(with kind: Int) async throws { try throwError(kind) }
    func thread() async throws -> String { currentThread() }
    func wait() async throws { try await Task.sleep(for: .seconds(60)) }
}

@Implements(Shop.self, runsOn: .pool)
actor PoolActorShop: Shop {
    func get(_ id: Int) async throws -> Category? { nil }
    func put(_ category: Category, at: Int) async throws {}
    func get(_ name: String) async throws -> [Category] { [] }
    func pair(_ both: (Int, name: String)) async throws -> (name: String, Int) { (both.name, both.0) }
    func fail(with kind: Int) async throws { try throwError(kind) }
    func thread() async throws -> String { currentThread() }
    func wait() async throws { try await Task.sleep(for: .seconds(60)) }
}

@Implements(Shop.self, runsOn: .pool)
final class PoolClassShop: Shop {
    func get(_ id: Int) async throws -> Category? { nil }
    func put(_ category: Category, at: Int) async throws {}
    func get(_ name: String) async throws -> [Category] { [] }
    func pair(_ both: (Int, name: String)) async throws -> (name: String, Int) { (both.name, both.0) }
    func fail(with kind: Int) async throws { try throwError(kind) }
    func thread() async throws -> String { currentThread() }
    func wait() async throws { try await Task.sleep(for: .seconds(60)) }
}

@Implements(Shop.self, runsOn: .pool, routedBy: ShopRouter.self)
struct PoolStructShop: Shop {
    func get(_ id: Int) async throws -> Category? { nil }
    func put(_ category: Category, at: Int) async throws {}
    func get(_ name: String) async throws -> [Category] { [] }
    func pair(_ both: (Int, name: String)) async throws -> (name: String, Int) { (both.name, both.0) }
    func fail(with kind: Int) async throws { try throwError(kind) }
    func thread() async throws -> String { currentThread() }
    func wait() async throws { try await Task.sleep(for: .seconds(60)) }
}

struct ShopRouter: ShopRouting {
    func get(_ id: Int) -> Int { id }
    func put(_ category: Category, at: Int) -> Int { at }
    func get(_ name: String) -> String { name }
    func pair(_ both: (Int, name: String)) -> Int? { nil }
    func fail(with kind: Int) -> Int? { nil }
    func thread() -> Int? { nil }
    func wait() -> Int? { nil }
}

/// A transport that takes every call through both stubs within the test: arguments and results become bytes and values
/// again, as between two processes.
final class Loopback: ComponentTransport {
    private let server: [ServerMethod]
    let routingKeys = Mutex<[UInt64?]>([])

    init(_ record: ImplementationRecord, _ implementation: any Implementation) {
        server = record.serverStub(implementation)
    }

    func begin(
        _ method: Int, routingKey: UInt64?, now: MonotonicTime,
        encode: (inout WireEncoder) throws(WireError) -> Void, receiver: ReplyReceiver
    ) -> CallWatch? {
        routingKeys.withLock { $0.append(routingKey) }
        let answer = Answer(receiver)
        do throws(WireError) {
            var encoder = WireEncoder()
            try encode(&encoder)
            let arguments = encoder.takeOutput().copyBytes()
            let head = CallHead(id: 1, context: .current, sink: answer)
            let accepted = try WireDecoder.withDecoder(over: unsafe arguments.span.bytes) { wire throws(WireError) in
                try server[method].accept(&wire, head)
            }
            #expect(accepted.routingKey == routingKey)
            let run = server[method].run
            let runner = ServerMethodRunner(placement: .loop, label: nil, run: run)
            Task { await run(ServerCalls(only: accepted.call, of: runner)) }
        } catch {
            answer.fail(error)
        }
        return nil
    }

    nonisolated(nonsending)
        func again<R: Sendable>(
            after error: any Error, _ method: Int, routingKey: UInt64?, start: MonotonicTime, watch: CallWatch?,
            encode: @Sendable (inout WireEncoder) throws(WireError) -> Void,
            decode: @escaping @Sendable (inout WireDecoder) throws(WireError) -> R
        ) async throws -> R
    {
        throw error
    }
}

/// Completes a call with its answer.
final class Answer: ServerReplySink {
    private let registry: ErrorRegistry
    private let receiver: ReplyReceiver

    init(registry: ErrorRegistry = .shared, _ receiver: ReplyReceiver) {
        self.registry = registry
        self.receiver = receiver
    }

    func ended(_ call: ServerCall) {}

    func answer(_ call: ServerCall, _ kind: FrameKind, _ payload: (inout WireEncoder) throws(WireError) -> Void) {
        var encoder = WireEncoder()
        do throws(WireError) {
            try payload(&encoder)
        } catch {
            return fail(error)
        }
        let bytes = encoder.takeOutput().copyBytes()
        WireDecoder.withDecoder(over: unsafe bytes.span.bytes) { wire in
            if kind == .response { return receiver.succeed(&wire) }
            do {
                switch try ErrorPayload(wire: &wire) {
                case .call(let error): fail(error)
                case .remote(let error): fail(error)
                case .user(let key): fail(try registry.decode(key: key, from: &wire))
                }
            } catch {
                fail(error)
            }
        }
    }

    func fail(_ error: any Error) {
        receiver.fail(error)
    }
}
