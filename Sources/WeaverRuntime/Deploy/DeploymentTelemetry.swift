import WeaverCore

/// What the processes of a deployment say about themselves, put where it goes: logs into the one stream, spans into the
/// file of traces, metrics into sums.
///
/// It belongs to the loop's thread, like the ``Deployer`` that feeds it. What a replica says is hostile input: what makes no
/// sense is dropped, and a warning in its name says so.
struct DeploymentTelemetry {
    /// Who says something.
    struct Source {
        /// The first component of its group, by its short name.
        var group: String
        /// Its id.
        var replica: String
    }

    private let application: String
    private let deployment: String
    private let traces: TraceFile?
    private let sink: any LogSink
    private let wallClock: @Sendable () -> Int64
    private var metrics = DeploymentMetrics()
    private var losses = TelemetryLosses()

    /// - Parameter wallClock: microseconds since 1970, for entries of the deployer's own and of the processes' output.
    init(_ configuration: Deployer.Configuration, sink: any LogSink, wallClock: @escaping @Sendable () -> Int64) {
        application = configuration.plan.application
        deployment = configuration.deployment
        traces = configuration.traces?.file
        self.sink = sink
        self.wallClock = wallClock
    }

    /// An entry of the deployer's own.
    func write(_ level: LogEntry.Level, _ message: String, component: String, replica: String) {
        sink.write(entry(level, message, component: component, replica: replica))
    }

    /// A line that a process has printed.
    func take(line: String, isStandardError: Bool, of source: Source) {
        var entry = entry(.info, line, component: source.group, replica: source.replica)
        entry.attributes["stream"] = isStandardError ? "stderr" : "stdout"
        sink.write(entry)
    }

    /// Entries of a replica, and how many it had no room for. They are cut here, too: a weavelet in another language may
    /// not have done so, and what is shown is escaped character by character.
    mutating func take(_ entries: [LogEntry], dropped: UInt64, of source: Source) {
        losses.logEntries &+= dropped
        if dropped > 0 {
            warn("\(dropped) log entries were lost: the replica logs faster than they are taken", of: source)
        }
        for entry in entries {
            var entry = entry.cut()
            entry.replica = Self.shortened(source.replica)
            sink.write(entry)
        }
    }

    /// Spans of a replica, and how many it had no room for.
    mutating func take(_ spans: [SpanRecord], dropped: UInt64, of source: Source) {
        losses.spans &+= dropped
        if dropped > 0 {
            warn("\(dropped) spans were lost: the replica makes them faster than they are taken", of: source)
        }
        traces?.write(
            spans,
            of: .init(
                application: application, deployment: deployment, group: source.group, replica: source.replica))
    }

    /// A replica's metrics; `problem` says what of them made no sense when they were decoded.
    mutating func take(_ report: MetricReport, _ problem: String?, of source: Source) {
        guard let problem = metrics.merge(report, of: source.replica) ?? problem else { return }
        dropped("metrics", problem, of: source)
    }

    /// Says that part of what a replica reports of its `subject` was dropped.
    func dropped(_ subject: String, _ problem: String, of source: Source) {
        warn("what it reports of its \(subject) makes no sense and is dropped: \(problem)", of: source)
    }

    /// A replica has ended: its gauges no longer count.
    mutating func forget(_ replica: String) { metrics.forget(replica) }

    /// What all processes have measured, and `others`.
    func measurements(with others: [MetricSeries]) -> MeasuredDeployment {
        MeasuredDeployment(
            app: application, deployment: deployment,
            metrics: metrics.all + others + losses.metrics(refused: metrics.refused))
    }

    private func warn(_ message: String, of source: Source) {
        write(.warning, message, component: source.group, replica: source.replica)
    }

    private func entry(_ level: LogEntry.Level, _ message: String, component: String, replica: String) -> LogEntry {
        LogEntry(
            time: wallClock(), level: level, component: component, replica: Self.shortened(replica),
            message: message)
    }

    /// What is shown of a replica's id.
    private static func shortened(_ replica: String) -> String { String(replica.prefix(8)) }
}
