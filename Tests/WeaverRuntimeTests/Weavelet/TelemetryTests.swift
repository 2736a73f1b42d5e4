import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

@Suite(.timeLimit(.minutes(1)))
struct TelemetryTests {
    /// Runs the orchard as two weavelets until main has done what `life` says.
    private func withOrchard(
        tracesPerSecond: Int?, _ body: (PipeDeployer, WeaverTracer) async throws -> Void
    ) async throws {
        let registry = try Orchard.registry()
        let telemetry = Telemetry()
        let journal = Journal(life: .trace(telemetry.tracer))
        try await withLoop { loop in
            let deployer = PipeDeployer(loop: loop)
            try await Journal.$current.withValue(journal) {
                let stock = try await deployer.launch(
                    "stock", group: [Orchard.stock], reachable: [], registry: registry,
                    sections: [Orchard.stock: "apples = 10"], tracesPerSecond: tracesPerSecond)
                let app = try await deployer.launch(
                    "app", group: [ComponentRegistry.main, Orchard.till], reachable: [Orchard.stock],
                    registry: registry, tracesPerSecond: tracesPerSecond, telemetry: telemetry)
                let ends = [("stock", Task { await stock.run() }), ("app", Task { await app.run() })]
                #expect(await deployer.request("stock", .componentsToStart([Orchard.stock])) == .done)
                let group = [ComponentRegistry.main, Orchard.till]
                #expect(await deployer.request("app", .componentsToStart(group)) == .done)
                try await eventually("waiting in \(journal.all)") { journal.all.contains("waiting") }
                #expect(journal.all.contains("left: 5"))
                for (replica, end) in ends {
                    await deployer.send(replica, .shutdown)
                    #expect(await end.value == 0)
                }
                await deployer.waitForTheEnd()
                try await body(deployer, telemetry.tracer)
            }
        }
    }

    @Test func `a span of a caller is the parent of what is done in other processes, and all arrives`() async throws {
        try await withOrchard(tracesPerSecond: 10) { deployer, _ in
            let spans = deployer.spans
            func span(_ name: String, _ kind: SpanRecord.Kind) throws -> SpanRecord {
                let found = spans.filter { $0.name.hasPrefix(name) && $0.kind == kind }
                #expect(found.count == 1, "\(name) in \(spans.map(\.name))")
                return try #require(found.first)
            }
            let shopping = try span("shopping", .internal)
            let pay = try span("\(Orchard.till).pay", .internal)
            let client = try span("\(Orchard.stock).take", .client)
            let server = try span("\(Orchard.stock).take", .server)
            #expect(shopping.parent == 0)
            #expect([pay.parent, client.parent, server.parent] == [shopping, pay, client].map(\.context.spanID))
            #expect(Set([shopping, pay, client, server].map(\.context.traceID)).count == 1)
            #expect([pay, client, server].allSatisfy { $0.status == .unset && $0.end >= $0.start })
            // An error is told at both ends.
            let refused = spans.filter { $0.name.hasPrefix("\(Orchard.stock).refuse") }
            #expect(refused.count == 2)
            #expect(refused.allSatisfy { $0.status == .error("\(OrchardError.noHarvest("winter"))") })
        }
    }

    @Test(arguments: [nil, 0])
    func `no trace that begins here is recorded where the deployer wants none`(rate: Int?) async throws {
        try await withOrchard(tracesPerSecond: rate) { deployer, tracer in
            #expect(deployer.spans.isEmpty)
            #expect(!tracer.records(TraceContext(traceID: 1, spanID: 1, flags: TraceContext.sampled)))
        }
    }

    @Test func `calls and errors of both kinds of refs are counted to the last one`() async throws {
        try await withOrchard(tracesPerSecond: nil) { deployer, _ in
            let metrics = deployer.metrics
            func count(_ name: String, _ component: String, _ method: String, isRemote: Bool) -> MetricValue? {
                metrics.first { series in
                    let labels = Dictionary(uniqueKeysWithValues: series.definition.labels.map { ($0.name, $0.value) })
                    return series.definition.name == name && labels["component"] == component
                        && labels["method"]?.hasPrefix(method) == true && labels["remote"] == "\(isRemote)"
                }?.value
            }
            #expect(count(RuntimeMetrics.calls, Orchard.till, "pay", isRemote: false) == .count(2))
            #expect(count(RuntimeMetrics.calls, Orchard.stock, "take", isRemote: true) == .count(2))
            #expect(count(RuntimeMetrics.calls, Orchard.stock, "refuse", isRemote: true) == .count(1))
            #expect(count(RuntimeMetrics.callErrors, Orchard.stock, "refuse", isRemote: true) == .count(1))
            #expect(count(RuntimeMetrics.callErrors, Orchard.stock, "take", isRemote: true) == .count(0))
            let latency = count(RuntimeMetrics.callLatency, Orchard.stock, "take", isRemote: true)
            guard case .histogram(let histogram) = latency else { return #expect(Bool(false)) }
            // The first call and each 64th after it.
            #expect(histogram.count == 1)
        }
    }
}
