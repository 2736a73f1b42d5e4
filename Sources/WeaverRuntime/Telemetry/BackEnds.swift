public import CoreMetrics
public import Logging
public import Tracing
internal import WeaverCore

// What `Weaver.run` bootstraps by itself. A program that embeds the runtime bootstraps what it likes of it, or something else.
extension Weaver {
    /// A back end for `MetricsSystem.bootstrap`: what is measured with it is reported to the deployer of this process, and shown
    /// by `weaver multi metrics` as the sum over all replicas.
    ///
    /// A process has at most 1024 series of a name and labels; one more measures nothing, and is counted. Names and labels have
    /// at most 255 bytes. Counters only grow: what is negative is left out. Durations and recorded values are kept in
    /// histograms whose buckets are 1/16 of a power of two wide, so that quantiles are wrong by at most 3.2 %.
    public static var metrics: any MetricsFactory { WeaverMetricsFactory(Telemetry.ofProcess.metrics) }

    /// A back end for `InstrumentationSystem.bootstrap`: spans of recorded traces go to the deployer of this process, which
    /// writes them where `[multi] traces` says. In a program that has bootstrapped another tracer it makes none.
    public static var tracer: any Tracer { Telemetry.ofProcess.tracer }

    /// What ``metrics`` has measured so far, and the runtime by itself, in Prometheus' text format: for an endpoint of a program
    /// that embeds the runtime. (`[single] metrics` of the config is one for a program that does not.) In a process of a
    /// deployment the deployer has it, and this has nothing.
    ///
    /// - Parameter application: The label `app` of each series.
    public static func metricsText(application: String) -> String {
        let replica = ReplicaInfo(alone: application, group: [])
        var text = PrometheusText()
        text.add(Telemetry.ofProcess.own.measured(by: replica).metrics, labels: [MetricLabel("app", application)])
        return text.text
    }

    /// Has the spans of ``tracer`` appended to the file at `path` as OTLP/JSON lines, for a program that embeds the runtime;
    /// until then none is recorded. Never holds up those who make them: what the file does not take in time is dropped, and
    /// told in the file.
    ///
    /// - Parameters:
    ///   - path: The file; it is appended to, and may be truncated in place. When it is removed or renamed, it is made anew.
    ///   - application: `service.name` of the spans.
    ///   - tracesPerSecond: How many of the traces that begin in this process are recorded each second. What a caller has
    ///     decided is kept to.
    /// - Throws: when the file cannot be opened.
    public static func recordTraces(toFile path: String, application: String, tracesPerSecond: Int = 10) throws {
        let file = try TraceFile(path)
        file.record(
            Telemetry.ofProcess.tracer, of: ReplicaInfo(alone: application, group: []), tracesPerSecond: tracesPerSecond
        )
    }

    /// A back end for `LoggingSystem.bootstrap`: what is logged with it goes to the log of this process: to its deployer or,
    /// where there is none, to standard error. It carries the replica and the trace.
    ///
    /// - Parameter label: The logger's label; of a component's logger its name.
    public static func logHandler(label: String) -> any LogHandler {
        WeaverLogHandler(
            component: label, replica: "", level: WeaverLogHandler.levelOfProcess, sink: Telemetry.ofProcess.log)
    }
}
