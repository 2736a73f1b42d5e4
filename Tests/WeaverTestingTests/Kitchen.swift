import Synchronization
import WeaverRuntime

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

// The components of this suite: waiter → cook → pantry, each with the ledger, which is always a fake: what a component of
// another process has done is seen in it.

@Serializable
enum KitchenError: Error, Equatable {
    case soldOut(String, left: Int)
}

@Serializable
struct Dish: Equatable {
    var name: String
    var parts: [String: Int]
}

@Component
protocol Ledger: Sendable {
    func note(_ line: String) async throws
}

/// What all components of one test have done.
final class TestLedger: Ledger {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func note(_ line: String) async throws { lines.withLock { $0.append(line) } }
}

struct PantryConfig: Codable, Sendable {
    var eggs: Int
}

@Component
protocol Pantry: Sendable {
    func take(_ count: Int, of item: String) async throws -> Int
    /// Waits until it is cancelled, and tells the ledger of that unless it does it `quietly`.
    func hang(quietly: Bool) async throws
    func processID() async throws -> Int32
    func tenant() async throws -> String?
    func crash() async throws
}

@Implements(Pantry.self)
actor ColdPantry: Pantry {
    @Config var config: PantryConfig
    @Ref var ledger: any Ledger
    private var taken = 0

    func take(_ count: Int, of item: String) async throws -> Int {
        guard count <= config.eggs - taken else { throw KitchenError.soldOut(item, left: config.eggs - taken) }
        taken += count
        return config.eggs - taken
    }

    func hang(quietly: Bool) async throws {
        try await ledger.note("hanging")
        do {
            try await Task.sleep(for: .seconds(600))
        } catch {
            if !quietly { await Self.tell(ledger, "cancelled") }
            throw error
        }
    }

    /// From a task of its own: that of the call is cancelled.
    private static func tell(_ ledger: any Ledger, _ line: String) async {
        await Task.detached { try? await ledger.note(line) }.value
    }

    func processID() async throws -> Int32 { getpid() }
    func tenant() async throws -> String? { CallContext.current.metadata["tenant"] }
    func crash() async throws { fatalError("the shelf has come down") }
}

@Component
protocol Cook: Sendable {
    func omelette(eggs: Int) async throws -> Dish
    func waits() async throws
    func taste(_ number: Int) async throws -> Int
    func askMainActor() async throws -> Int
    func processID() async throws -> Int32
}

@Implements(Cook.self)
final class NightCook: Cook {
    @Ref var pantry: any Pantry
    @Ref var ledger: any Ledger

    func omelette(eggs: Int) async throws -> Dish {
        let left = try await pantry.take(eggs, of: "egg")
        context.logger.info("made an omelette", metadata: ["eggs": "\(eggs)"])
        return Dish(name: "omelette", parts: ["egg": eggs, "left": left])
    }

    func waits() async throws { try await pantry.hang(quietly: false) }

    func askMainActor() async throws -> Int { await MainActor.run { 7 } }

    func taste(_ number: Int) async throws -> Int {
        try await ledger.note("taste \(number)")
        return number * 2
    }

    func processID() async throws -> Int32 { getpid() }
}

@Component
protocol Waiter: Sendable {
    func order(eggs: Int) async throws -> String
}

@Implements(Waiter.self)
struct QuickWaiter: Waiter {
    @Ref var cook: any Cook

    func order(eggs: Int) async throws -> String {
        do {
            return try await cook.omelette(eggs: eggs).name
        } catch KitchenError.soldOut(let item, _) {
            return "no \(item)"
        }
    }
}

// MARK: Those that do not start

@Implements(Pantry.self)
actor LockedPantry: Pantry {
    init(context: ComponentContext) async throws { throw KitchenError.soldOut("key", left: 0) }
    func take(_ count: Int, of item: String) async throws -> Int { 0 }
    func hang(quietly: Bool) async throws {}
    func processID() async throws -> Int32 { 0 }
    func tenant() async throws -> String? { nil }
    func crash() async throws {}
}

@Implements(Pantry.self)
actor SlowPantry: Pantry {
    func start() async throws { try await Task.sleep(for: .seconds(600)) }
    func take(_ count: Int, of item: String) async throws -> Int { 0 }
    func hang(quietly: Bool) async throws {}
    func processID() async throws -> Int32 { 0 }
    func tenant() async throws -> String? { nil }
    func crash() async throws {}
}

// MARK: Two that need each other

@Component
protocol Chicken: Sendable { func lay() async throws }

@Component
protocol Egg: Sendable { func hatch() async throws }

@Implements(Chicken.self)
final class BrownChicken: Chicken {
    @Ref var egg: any Egg
    func lay() async throws { try await egg.hatch() }
}

@Implements(Egg.self)
final class WhiteEgg: Egg {
    @Ref var chicken: any Chicken
    func hatch() async throws { try await chicken.lay() }
}

// MARK: One with a door

@Component
protocol Hatch: Sendable {
    func opened() async throws -> Bool
}

@Implements(Hatch.self)
actor ServingHatch: Hatch {
    @Listener var hatch: WeaverListener
    private var serving: Task<Void, any Error>?

    func start() async throws {
        let hatch = hatch
        serving = Task { try await hatch.serve { _, _, writer in try await writer.respond(body: "served") } }
    }

    func stop() async throws { serving?.cancel() }
    func opened() async throws -> Bool { serving != nil }
}

// MARK: One whose calls have an owner

struct TableRouter: TableRouting {
    func seat(guest: String) -> String { guest }
}

@Component
protocol Table: Sendable {
    func seat(guest: String) async throws -> Int
}

@Implements(Table.self, routedBy: TableRouter.self)
actor RoundTable: Table {
    private var seats: [String: Int] = [:]

    func seat(guest: String) async throws -> Int {
        seats[guest, default: 0] += 1
        return seats[guest] ?? 0
    }
}
