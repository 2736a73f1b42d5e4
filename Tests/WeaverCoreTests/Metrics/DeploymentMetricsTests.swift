import Testing

@testable import WeaverCore

@Suite struct DeploymentMetricsTests {
    private let hits = MetricDefinition(.counter, "hits", [MetricLabel("page", "/")])
    private let queue = MetricDefinition(.gauge, "queue")
    private let time = MetricDefinition(.timer, "time")

    private func report(
        _ definitions: [(UInt32, MetricDefinition)] = [], _ changes: [(UInt32, MetricValue)] = []
    ) -> MetricReport {
        var report = MetricReport()
        report.definitions = definitions.map { .init(id: $0, $1) }
        report.changes = changes.map { .init(id: $0, $1) }
        return report
    }

    private func value(_ definition: MetricDefinition, _ metrics: DeploymentMetrics) -> MetricValue? {
        metrics.all.first { $0.definition == definition }?.value
    }

    @Test func `what replicas count is added, whatever numbers they give their series`() {
        var metrics = DeploymentMetrics()
        #expect(metrics.merge(report([(0, hits)], [(0, .count(3))]), of: "a") == nil)
        #expect(metrics.merge(report([(7, hits)], [(7, .count(4))]), of: "b") == nil)
        #expect(metrics.merge(report([], [(0, .count(5))]), of: "a") == nil)
        #expect(value(hits, metrics) == .count(12))
    }

    @Test func `what was counted stays when its process ends, and its gauges go`() {
        var metrics = DeploymentMetrics()
        var histogram = Histogram()
        histogram.record(0.5)
        for replica in ["a", "b"] {
            _ = metrics.merge(
                report(
                    [(0, hits), (1, queue), (2, time)], [(0, .count(1)), (1, .number(4)), (2, .histogram(histogram))]),
                of: replica)
        }
        #expect(value(queue, metrics) == .number(8))
        metrics.forget("a")
        #expect(value(hits, metrics) == .count(2))
        #expect(metrics.all.first { $0.definition == queue }?.replicas == ["b": 4])
        guard case .histogram(let merged) = value(time, metrics) else { return #expect(Bool(false)) }
        #expect(merged.count == 2)
        metrics.forget("b")
        #expect(value(queue, metrics) == nil)
        // Whoever comes next may use the same numbers for other series.
        #expect(metrics.merge(report([(0, queue)], [(0, .number(1))]), of: "a") == nil)
        #expect(value(queue, metrics) == .number(1))
    }

    @Test func `a gauge that one replica removes is another's still`() {
        var metrics = DeploymentMetrics()
        for replica in ["a", "b"] { _ = metrics.merge(report([(0, queue)]), of: replica) }
        _ = metrics.merge(report([], [(0, .number(1))]), of: "a")
        var removal = MetricReport()
        removal.removed = [0]
        _ = metrics.merge(removal, of: "a")
        #expect(value(queue, metrics) == nil)
        #expect(metrics.merge(report([], [(0, .number(2))]), of: "b") == nil)
        #expect(value(queue, metrics) == .number(2))
        #expect(metrics.merge(report([], [(0, .number(2))]), of: "a") != nil)
    }

    @Test func `reports that make no sense are left out in that part, and said`() {
        var metrics = DeploymentMetrics()
        #expect(metrics.merge(report([(0, hits)], [(0, .number(1)), (0, .count(2))]), of: "a") != nil)
        #expect(value(hits, metrics) == .count(2))
        #expect(metrics.merge(report([], [(9, .count(1))]), of: "a") != nil)
        #expect(metrics.merge(report([(0, queue)]), of: "a") != nil)
        #expect(metrics.merge(report([], [(0, .count(1))]), of: "stranger") != nil)
        let total = MetricDefinition(.total, "total")
        #expect(metrics.merge(report([(1, total)], [(1, .number(.nan))]), of: "a") != nil)
    }

    @Test func `names and labels have limits`() {
        func fits(_ name: String, _ labels: [MetricLabel] = []) -> Bool {
            MetricDefinition(.counter, name, labels).isWithinLimits
        }
        let longest = String(repeating: "n", count: MetricLimits.nameBytes)
        #expect(fits(longest, [MetricLabel(longest, String(repeating: "v", count: MetricLimits.labelValueBytes))]))
        #expect(!fits(longest + "n") && !fits(""))
        #expect(!fits("a", [MetricLabel("l", String(repeating: "v", count: MetricLimits.labelValueBytes + 1))]))
        let many = (0..<MetricLimits.labels).map { MetricLabel("l\($0)", "") }
        #expect(fits("a", many) && !fits("a", many + [MetricLabel("more", "")]))
        var metrics = DeploymentMetrics()
        #expect(metrics.merge(report([(0, MetricDefinition(.counter, longest + "n"))]), of: "a") != nil)
        #expect(metrics.all.isEmpty)
    }

    @Test func `a process has at most so many series, and so has the deployment`() {
        var metrics = DeploymentMetrics()
        let perProcess = MetricLimits.series
        let replicas = MetricLimits.deploymentSeries / perProcess
        for replica in 0..<replicas {
            let definitions = (0..<perProcess).map {
                (UInt32($0), MetricDefinition(.counter, "m\(replica)_\($0)"))
            }
            #expect(metrics.merge(report(definitions), of: "\(replica)") == nil)
        }
        #expect(metrics.merge(report([(UInt32(perProcess), hits)]), of: "0") != nil)
        #expect(metrics.refused == 0)
        // There is room for no other series; those that are there go on.
        let known = MetricDefinition(.counter, "m0_0")
        let late = report([(0, hits), (1, known)], [(0, .count(1)), (1, .count(5))])
        #expect(metrics.merge(late, of: "late") == nil)
        #expect(metrics.refused == 1)
        #expect(metrics.all.count == MetricLimits.deploymentSeries)
        #expect(value(known, metrics) == .count(5))
    }
}
