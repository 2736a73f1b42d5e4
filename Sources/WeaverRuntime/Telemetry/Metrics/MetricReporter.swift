internal import WeaverCore
internal import WeaverLoop

/// Reports the metrics of a weavelet to its deployer, as often as ``MetricLimits/interval`` says and when the process ends.
/// On the loop's thread.
final class MetricReporter: @unchecked Sendable {
    // @unchecked: touched on the loop's thread only.

    private let loop: EventLoop
    private let table: MetricTable
    private let client: EnvelopeClient
    private var timer: LoopTimer?

    init(loop: EventLoop, table: MetricTable, client: EnvelopeClient) {
        self.loop = loop
        self.table = table
        self.client = client
    }

    /// Begins to report.
    func start() {
        loop.execute { [self] in
            timer = try? LoopTimer(loop: loop) { [unowned self] in
                // What is not taken now is in the next report.
                if client.queuedBytes < OutgoingPipe<LogEntry>.congestedBytes { report() }
            }
            timer?.arm(after: MetricLimits.interval, every: MetricLimits.interval)
        }
    }

    /// Reports for the last time; returns when the report is in the pipe's queue. Where the loop has ended there is no pipe.
    func finish() async {
        try? await loop.run { [self] in
            timer?.close()
            timer = nil
            report()
        }
    }

    private func report() {
        if let report = table.takeReport() { client.metrics(report) }
    }
}
