public import CoreMetrics
public import Logging
public import Tracing

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
    /// writes them where `[multi] traces` says. Trace context is passed on by component calls, whoever makes the spans.
    public static var tracer: any Tracer { Telemetry.ofProcess.tracer }

    /// A back end for `LoggingSystem.bootstrap`: what is logged with it goes to the log of this process: to its deployer or,
    /// where there is none, to standard error. It carries the replica and the trace.
    ///
    /// - Parameter label: The logger's label; of a component's logger its name.
    public static func logHandler(label: String) -> any LogHandler {
        WeaverLogHandler(
            component: label, replica: "", level: WeaverLogHandler.levelOfProcess, sink: Telemetry.ofProcess.log)
    }
}
