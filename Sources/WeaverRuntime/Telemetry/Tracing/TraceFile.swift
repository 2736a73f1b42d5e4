internal import Synchronization
package import WeaverCore

/// The file that spans are appended to, as OTLP/JSON lines (see ``OTLPText``), by a thread of its own: see ``TerminalSink``.
/// What is lost because the file takes too long, or nothing, is told in it, as a line of a resource without spans.
package final class TraceFile: Sendable {
    private let sink: TerminalSink

    /// Opens the file at `path`. Throws ``CannotOpen``.
    package init(_ path: String) throws {
        sink = try TerminalSink(appendingTo: path, "the file of traces", notice: { OTLPText.lostLine($0) })
    }

    /// Writes spans of one process.
    package func write(_ spans: [SpanRecord], of resource: OTLPText.Resource) {
        if !spans.isEmpty { sink.put { OTLPText.line(spans, of: resource) } }
    }

    /// Has `tracer` record what this process does, each span in a line of its own.
    func record(_ tracer: WeaverTracer, of replica: ReplicaInfo, tracesPerSecond: Int) {
        let resource = OTLPText.Resource(
            application: replica.application, deployment: replica.deployment,
            group: replica.group.first ?? "", replica: replica.replica)
        tracer.record(tracesPerSecond: tracesPerSecond) { self.write([$0.cut()], of: resource) }
    }

    /// Returns when everything is written, or `bound` has passed.
    package func flush(within bound: Duration) async { await sink.flush(within: bound) }
}
