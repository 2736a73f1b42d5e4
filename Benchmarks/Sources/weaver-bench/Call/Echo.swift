import WeaverRuntime

/// What the calls of the benchmark call: the same method for each kind of payload.
@Component
protocol Echo: Sendable {
    func bytes(_ payload: [UInt8]) async throws -> [UInt8]
    func text(_ payload: String) async throws -> String
    func records(_ payload: [EchoRecord]) async throws -> [EchoRecord]
}

/// ``Echo`` behind another name, because a component has one implementation: this one is an actor.
@Component
protocol ActorEcho: Sendable {
    func bytes(_ payload: [UInt8]) async throws -> [UInt8]
    func text(_ payload: String) async throws -> String
    func records(_ payload: [EchoRecord]) async throws -> [EchoRecord]
}

/// ``Echo`` once more: this one suspends once in each call.
@Component
protocol HopEcho: Sendable {
    func bytes(_ payload: [UInt8]) async throws -> [UInt8]
    func text(_ payload: String) async throws -> String
    func records(_ payload: [EchoRecord]) async throws -> [EchoRecord]
}

/// A small struct as applications have them; many of them are one payload.
@Serializable
struct EchoRecord: Equatable, Sendable {
    /// What a plain copy of it would take.
    static let size = 24

    var id: Int64
    var price: Double
    var amount: Int64

    /// So many different ones.
    static func make(_ count: Int) -> [EchoRecord] {
        (0..<count).map { EchoRecord(id: Int64($0), price: Double($0) * 1.25, amount: Int64($0 % 7)) }
    }
}

@Implements(Echo.self)
struct StructEchoService: Echo {
    func bytes(_ payload: [UInt8]) async throws -> [UInt8] { payload }
    func text(_ payload: String) async throws -> String { payload }
    func records(_ payload: [EchoRecord]) async throws -> [EchoRecord] { payload }
}

@Implements(ActorEcho.self)
actor ActorEchoService: ActorEcho {
    func bytes(_ payload: [UInt8]) async throws -> [UInt8] { payload }
    func text(_ payload: String) async throws -> String { payload }
    func records(_ payload: [EchoRecord]) async throws -> [EchoRecord] { payload }
}

/// Hops to an actor of its own and back; no timer, no other thread than the runtime's choice.
@Implements(HopEcho.self)
struct HopEchoService: HopEcho {
    private let counter = CallCounter()

    func bytes(_ payload: [UInt8]) async throws -> [UInt8] {
        await counter.count()
        return payload
    }

    func text(_ payload: String) async throws -> String {
        await counter.count()
        return payload
    }

    func records(_ payload: [EchoRecord]) async throws -> [EchoRecord] {
        await counter.count()
        return payload
    }
}

/// What ``HopEchoService`` hops to.
actor CallCounter {
    private var calls = 0

    func count() { calls += 1 }
}

/// Every application has a main component; this one's is never run.
@Implements(Main.self)
struct BenchmarkMain: Main {
    func serve() async throws {}
}
