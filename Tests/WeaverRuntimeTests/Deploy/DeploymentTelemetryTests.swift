import Synchronization
import Testing
import WeaverCore

@testable import WeaverRuntime

@Suite struct DeploymentTelemetryTests {
    private let sink = CollectingSink()
    private var entries: [LogEntry] { sink.entries.withLock { $0 } }
    private let source = DeploymentTelemetry.Source(group: "Cache", replica: "0123456789abcdef")

    private func telemetry() -> DeploymentTelemetry {
        let plan = DeploymentPlan(
            application: "a", descriptor: AppDescriptor(version: "1", components: [.init(name: "main")]))
        return DeploymentTelemetry(
            .init(
                plan: plan, program: .init(executable: "/bin/false"), sections: [:], deadline: .seconds(1),
                deployment: "d"),
            sink: sink, wallClock: { 7 })
    }

    private func count(_ name: String, in telemetry: DeploymentTelemetry) -> UInt64? {
        for series in telemetry.measurements(with: []).metrics where series.definition.name == name {
            if case .count(let count) = series.value { return count }
        }
        return nil
    }

    @Test func `what a replica has lost is said in its name and counted`() {
        var telemetry = telemetry()
        telemetry.take([LogEntry(time: 1, level: .info, component: "Cache", message: "kept")], dropped: 3, of: source)
        telemetry.take([SpanRecord](), dropped: 2, of: source)
        #expect(entries.map(\.level) == [.warning, .info, .warning])
        #expect(entries.map(\.replica) == ["01234567", "01234567", "01234567"])
        #expect(entries.first?.message.hasPrefix("3 log entries were lost") == true)
        #expect(entries.last?.message.hasPrefix("2 spans were lost") == true)
        #expect(count(RuntimeMetrics.logEntriesLost, in: telemetry) == 3)
        #expect(count(RuntimeMetrics.spansLost, in: telemetry) == 2)
    }

    @Test func `an entry cannot pass for another replica's`() {
        var telemetry = telemetry()
        let forged = LogEntry(time: 1, level: .info, component: "Cache", replica: "another", message: "x")
        telemetry.take([forged], dropped: 0, of: source)
        #expect(entries.map(\.replica) == ["01234567"])
    }

    @Test func `an entry that a replica has not cut is cut before it is shown`() {
        var telemetry = telemetry()
        let whole = LogEntry(
            time: 1, level: .info, component: "Cache", message: String(repeating: "x", count: 2 * LogEntry.maximumSize))
        telemetry.take([whole], dropped: 0, of: source)
        #expect(entries.map { $0.size <= LogEntry.maximumSize } == [true])
        #expect(entries.first?.message.hasPrefix("xxx") == true)
    }

    @Test func `metrics that make no sense are dropped with a warning`() {
        var telemetry = telemetry()
        // A value of a series that was never defined.
        var report = MetricReport()
        report.changes = [.init(id: 9, .count(1))]
        telemetry.take(report, nil, of: source)
        telemetry.take(MetricReport(), "a negative bucket", of: source)
        #expect(entries.map(\.level) == [.warning, .warning])
        #expect(entries.last?.message.hasSuffix("dropped: a negative bucket") == true)
    }

    @Test func `a printed line is told by its stream`() {
        telemetry().take(line: "out", isStandardError: false, of: source)
        telemetry().take(line: "err", isStandardError: true, of: source)
        #expect(entries.map { $0.attributes["stream"] } == ["stdout", "stderr"])
        #expect(entries.map(\.time) == [7, 7])
    }
}
