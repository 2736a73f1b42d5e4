import WeaverRuntime

/// What the calls of the benchmark call: the same method for each kind of payload.
@Component
protocol Echo: Sendable {
    func bytes(_ payload: [UInt8]) async throws -> [UInt8]
    func text(_ payload: String) async throws -> String
}

/// ``Echo`` behind another name, because a component has one implementation: this one is an actor.
@Component
protocol ActorEcho: Sendable {
    func bytes(_ payload: [UInt8]) async throws -> [UInt8]
    func text(_ payload: String) async throws -> String
}

/// What the client wants to know of the server's process.
@Component
protocol ServerProbe: Sendable {
    /// The processor time that the process has used so far, in nanoseconds.
    func processorTime() async throws -> UInt64
}

@Implements(Echo.self)
struct StructEchoService: Echo {
    func bytes(_ payload: [UInt8]) async throws -> [UInt8] { payload }
    func text(_ payload: String) async throws -> String { payload }
}

@Implements(ActorEcho.self)
actor ActorEchoService: ActorEcho {
    func bytes(_ payload: [UInt8]) async throws -> [UInt8] { payload }
    func text(_ payload: String) async throws -> String { payload }
}

@Implements(ServerProbe.self)
struct ServerProbeService: ServerProbe {
    func processorTime() async throws -> UInt64 { ProcessorTime.ofThisProcess }
}

/// Every application has a main component; this one's is never run.
@Implements(Main.self)
struct BenchmarkMain: Main {
    func serve() async throws {}
}
