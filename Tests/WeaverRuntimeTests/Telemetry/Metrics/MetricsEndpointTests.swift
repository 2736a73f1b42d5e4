import CoreMetrics
import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

@Suite(.timeLimit(.minutes(1)))
struct MetricsEndpointTests {
    /// The answer to `request` of an endpoint that gives `measured`.
    private func answer(
        to request: String, _ measured: @escaping @Sendable () async -> MeasuredDeployment
    ) async throws -> String {
        try await withLoop { loop in
            let endpoint = try await MetricsEndpoint.start(
                loop: loop, address: .ip("127.0.0.1", port: 0), measured: measured)
            let client = try await RawPeer.connect(to: endpoint.address, loop: loop)
            try await client.send("\(request) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let answer = await client.receiveAll()
            try await client.close()
            await endpoint.close()
            return answer
        }
    }

    @Test func `what a process measures by itself is fetched, and again with what came since`() async throws {
        let table = MetricTable()
        let replica = ReplicaInfo(application: "shop", deployment: "d", replica: "0123456789", group: ["main"])
        let own = OwnMetrics(table)
        let counter = WeaverMetricsFactory(table).makeCounter(label: "hits", dimensions: [])
        for total in [2, 4] {
            counter.increment(by: 2)
            let text = try await answer(to: "GET /metrics?x=1") { own.measured(by: replica) }
            #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(text.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
            #expect(text.contains("\nhits_total{app=\"shop\",deployment=\"d\"} \(total)\n"), "\(text)")
            #expect(text.contains("\nweaver_metrics_refused_total{app=\"shop\",deployment=\"d\"} 0\n"))
        }
    }

    @Test(arguments: [
        ("GET /", "404"), ("GET /metrics/", "404"), ("POST /metrics", "405"), ("HEAD /metrics", "200"),
    ])
    func `anything else is refused`(_ request: String, _ status: String) async throws {
        let text = try await answer(to: request) { MeasuredDeployment(app: "a", deployment: "d", metrics: []) }
        #expect(text.hasPrefix("HTTP/1.1 \(status) "))
    }

    @Test func `an address that somebody else has is an error in words`() async throws {
        try await withLoop { loop in
            let other = try ListeningSocket(address: .ip("127.0.0.1", port: 0))
            await #expect(throws: MetricsEndpoint.CannotListen.self) {
                _ = try await MetricsEndpoint.start(loop: loop, address: other.address) {
                    MeasuredDeployment(app: "a", deployment: "d", metrics: [])
                }
            }
        }
    }
}
