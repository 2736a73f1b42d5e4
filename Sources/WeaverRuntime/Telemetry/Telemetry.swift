internal import Synchronization
internal import WeaverCore

/// What a process measures and records, of the application and of the runtime. May be used from any thread.
package final class Telemetry: Sendable {
    /// That of this process: what ``Weaver/run(components:bootstrapping:)`` bootstraps, and ``Weaver/metrics`` and ``Weaver/tracer`` offer.
    package static let ofProcess = Telemetry()

    /// Metrics, the runtime's own among them.
    package let metrics: MetricTable
    /// Their sums, where no deployer makes them.
    let own: OwnMetrics
    /// Spans.
    package let tracer: WeaverTracer
    /// Log entries of loggers that are no component's.
    package let log = ProcessLog()

    /// Looks what instrument the program has bootstrapped; whoever starts a runtime says so, before it.
    package func lookForInstrument() {
        if let other = ForeignInstrument.bootstrapped { tracer.stand(beside: other) }
    }

    private struct Key: Hashable {
        let component: String
        let isRemote: Bool
    }

    private let recorders = Mutex([Key: CallRecorder]())

    /// Nothing measured, in a program that has bootstrapped `other`.
    package init(beside other: ForeignInstrument? = .bootstrapped) {
        tracer = WeaverTracer(beside: other)
        metrics = MetricTable()
        own = OwnMetrics(metrics)
    }

    /// What counts and traces the calls of `info`, those that go to other processes or those that do not: the same for all
    /// refs of the process.
    func calls(of info: ComponentInfo, isRemote: Bool) -> CallRecorder {
        recorders.withLock { recorders in
            let key = Key(component: info.name, isRemote: isRemote)
            if let recorder = recorders[key] { return recorder }
            let recorder = CallRecorder(info, tracer: tracer)
            recorders[key] = recorder
            for (index, method) in info.methods.enumerated() {
                let labels = RuntimeMetrics.labels(component: info.name, method: method.name, isRemote: isRemote)
                report(recorder.counters, of: index, labels)
            }
            return recorder
        }
    }

    private func report(_ counters: MethodCounters, of method: Int, _ labels: [MetricLabel]) {
        _ = metrics.cell(MetricDefinition(.counter, RuntimeMetrics.calls, labels)) {
            MethodCountCell { counters.counts(of: method).calls }
        }
        _ = metrics.cell(MetricDefinition(.counter, RuntimeMetrics.callErrors, labels)) {
            MethodCountCell { counters.counts(of: method).errors }
        }
        _ = metrics.cell(MetricDefinition(.timer, RuntimeMetrics.callLatency, labels)) {
            MethodLatencyCell(counters: counters, method: method)
        }
    }
}
