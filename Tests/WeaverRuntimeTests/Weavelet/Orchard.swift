import Synchronization
import Tracing

@testable import WeaverRuntime

// An application of three components that the tests of the weavelet share: main → till → stock.

/// What the components of one test have done, in order. They find it where they are constructed.
final class Journal: Sendable {
    @TaskLocal static var current = Journal()

    private let lines = Mutex<[String]>([])
    /// The component whose `start()` throws.
    let failingStart: String?
    /// What `serve()` does.
    let life: Life

    enum Life { case pay, payAndWait, callForEver, fail, trace(WeaverTracer) }

    init(failingStart: String? = nil, life: Life = .pay) {
        self.failingStart = failingStart
        self.life = life
    }

    var all: [String] { lines.withLock { $0 } }

    func note(_ line: String) { lines.withLock { $0.append(line) } }

    func start(_ component: String) throws {
        if component == failingStart { throw OrchardError.noHarvest(component) }
        note("start \(component)")
    }
}

@Serializable
enum OrchardError: Error, Equatable {
    case noHarvest(String)
}

struct StockConfig: Codable, Sendable {
    var apples: Int
}

@Component
protocol Stock: Sendable {
    func take(_ count: Int) async throws -> Int
    func refuse() async throws
    func hang() async throws
    func tenant() async throws -> String?
}

@Implements(Stock.self)
actor StockService: Stock {
    @Config var config: StockConfig
    private let journal = Journal.current
    private var taken = 0

    func start() async throws { try journal.start("stock") }
    func stop() async throws { journal.note("stop stock") }

    func take(_ count: Int) async throws -> Int {
        taken += count
        return config.apples - taken
    }

    func refuse() async throws { throw OrchardError.noHarvest("winter") }
    func tenant() async throws -> String? { CallContext.current.metadata["tenant"] }

    func hang() async throws {
        journal.note("hanging")
        do {
            try await Task.sleep(for: .seconds(60))
        } catch {
            journal.note("hang cancelled")
            throw error
        }
    }
}

@Component
protocol Till: Sendable {
    func pay(_ apples: Int) async throws -> String
}

@Implements(Till.self)
final class TillService: Till {
    @Ref var stock: any Stock
    private let journal = Journal.current

    func start() async throws { try journal.start("till") }
    func stop() async throws { journal.note("stop till") }
    func pay(_ apples: Int) async throws -> String { "left: \(try await stock.take(apples))" }
}

@Implements(Main.self)
final class OrchardApp: Main {
    @Ref var till: any Till
    @Ref var stock: any Stock
    @Listener var gate: WeaverListener
    private let journal = Journal.current

    func start() async throws { try journal.start("main") }
    func stop() async throws { journal.note("stop main") }

    func serve() async throws {
        journal.note("serve: \(try await till.pay(2))")
        context.logger.info("paid", metadata: ["apples": "2"])
        switch journal.life {
        case .pay: return
        case .fail: throw OrchardError.noHarvest("main")
        case .trace(let tracer):
            try await tracer.withSpan("shopping") { _ in journal.note(try await till.pay(3)) }
            try? await tracer.withSpan("asking") { _ in try await stock.refuse() }
            journal.note("waiting")
            try await Task.sleep(for: .seconds(60))
        case .callForEver: _ = try? await stock.hang()
        case .payAndWait:
            await tryEverything()
            try await Task.sleep(for: .seconds(60))
        }
    }

    /// Every way in which a call can end, noted.
    private func tryEverything() async {
        do { try await stock.refuse() } catch { journal.note("refused: \(error)") }
        do {
            try await withCall(deadline: .milliseconds(30)) { try await stock.hang() }
        } catch {
            journal.note("hung: \((error as? CallError)?.code.description ?? "\(error)")")
        }
        let tenant = try? await withCall(metadata: ["tenant": "a"]) { try await stock.tenant() }
        journal.note("tenant: \(tenant.flatMap { $0 } ?? "none")")
        journal.note("waiting")
    }
}

enum Orchard {
    static let stock = StockService.implementationRecord.component.name
    static let till = TillService.implementationRecord.component.name

    static func registry(with others: [ImplementationRecord] = []) throws -> ComponentRegistry {
        ErrorRegistry.shared.register(LinkedRecords.all.errors)
        return try ComponentRegistry(
            linked: [],
            listed: [
                OrchardApp.implementationRecord, TillService.implementationRecord, StockService.implementationRecord,
            ] + others)
    }
}
