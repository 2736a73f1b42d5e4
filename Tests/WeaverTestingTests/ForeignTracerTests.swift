import TestTracer
import Testing
import Tracing
import WeaverRuntime
import WeaverTesting

// Two components, so that what arrives has to be passed on: envoy → scribe.

@Component
protocol Scribe: Sendable {
    /// Where the test's tracer sees itself, and the call's metadata.
    func write() async throws -> [String]
}

@Component
protocol Envoy: Sendable {
    /// Where it is itself, and the scribe in a span below.
    func travel() async throws -> [[String]]
}

private func here() -> [String] {
    let place = TestTracer.place(in: ServiceContext.current)
    return [place?.trace ?? "", place?.span ?? "", place?.state ?? "", place?.tenant ?? ""]
        + CallContext.current.metadata.map { "\($0.key)=\($0.value)" }
}

@Implements(Scribe.self, runsOn: .pool)
struct PoolScribe: Scribe {
    func write() async throws -> [String] { here() }
}

@Implements(Envoy.self)
final class LoopEnvoy: Envoy {
    @Ref var scribe: any Scribe

    func travel() async throws -> [[String]] {
        // Not by withSpan: only this test has bootstrapped the tracer, not the process.
        let below = try await TestTracer().withSpan("n") { _ in try await scribe.write() }
        return [here(), below]
    }
}

/// A test that has bootstrapped a tracer of another library.
@Suite(.timeLimit(.minutes(3))) struct ForeignTracerTests {
    private static let trace = String(repeating: "a", count: 32)
    private let span = String(repeating: "b", count: 16)

    private func withEnvoy(_ runner: WeaverRunner, _ body: (any Envoy) async throws -> Void) async throws {
        try await withTracer(TestTracer()) {
            try await withWeaver(runner, components: [LoopEnvoy.self, PoolScribe.self]) { weaver in
                try await body(weaver.get((any Envoy).self))
            }
        }
    }

    @Test(arguments: [WeaverRunner.local, .rpc])
    func `its context goes from call to call, with fields of its own`(runner: WeaverRunner) async throws {
        try await withEnvoy(runner) { envoy in
            let place = TestTracer.Place(trace: Self.trace, span: span, state: "v=1", tenant: "acme")
            let places = try await withCall(metadata: ["k": "v"]) {
                try await ServiceContext.withValue(TestTracer.context(place)) { try await envoy.travel() }
            }
            let child = String(("6e" + span).prefix(16))
            #expect(places == [[Self.trace, span, "v=1", "acme", "k=v"], [Self.trace, child, "v=1", "acme", "k=v"]])
        }
    }

    @Test func `each call has its own context, and one without has none`() async throws {
        try await withEnvoy(.rpc) { envoy in
            try await withThrowingTaskGroup { group in
                for number in 0..<100 {
                    group.addTask {
                        let tenant = number % 3 == 0 ? nil : "\(number)"
                        let place = tenant.map { TestTracer.Place(trace: "", span: "", tenant: $0) }
                        let places = try await ServiceContext.withValue(TestTracer.context(place)) {
                            try await envoy.travel()
                        }
                        #expect(places.map { $0[3] } == [tenant ?? "", tenant ?? ""])
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
