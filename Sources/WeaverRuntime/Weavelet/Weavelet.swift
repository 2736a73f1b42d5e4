package import Logging
internal import WeaverCore
package import WeaverLoop

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The runtime inside a process of a deployment: does what the deployer says over the pipes.
package struct Weavelet: Sendable {
    /// How long the end of the process waits for the pipe to take the last log entries.
    package static let flushBound = EndBounds.flush

    /// What the deployer asks for, in its order.
    private enum Request: Sendable {
        case start([String], done: @Sendable (String?) -> Void)
        case routing(RoutingInfo)
        case load(done: @Sendable ([LoadReport]) -> Void)
        case drain(done: @Sendable () -> Void)
        case shutdown
        case closed(String?)
    }

    private let envelope: EnvelopeClient
    private let environment: DeployedEnvironment
    private let process: ApplicationProcess
    private let sink: OutgoingPipe<LogEntry>
    private let spans: OutgoingPipe<SpanRecord>
    private let reporter: MetricReporter
    private let requests: AsyncStream<Request>
    private let logger: Logger

    /// Takes over the pipes, listens for calls, and tells the deployer where.
    ///
    /// - Parameters:
    ///   - telemetry: whose metrics and spans the deployer gets.
    ///   - bootstrap: gets the sink of the process's log before anything is logged.
    package static func start(
        descriptors: (read: Int32, write: Int32), registry: ComponentRegistry, loop: EventLoop, level: Logger.Level,
        telemetry: Telemetry = Telemetry(), bootstrap: (_ sink: any LogSink, _ replica: ReplicaInfo) -> Void
    ) async throws -> Weavelet {
        let (requests, continuation) = AsyncStream.makeStream(of: Request.self)
        let handlers = EnvelopeHandlers(
            startComponents: { continuation.yield(.start($0, done: $1)) },
            routingInfo: { continuation.yield(.routing($0)) },
            reportLoad: { continuation.yield(.load(done: $0)) },
            drain: { continuation.yield(.drain(done: $0)) },
            shutdown: { continuation.yield(.shutdown) },
            closed: { continuation.yield(.closed($0)) })
        let (envelope, setup, accept) = try await EnvelopeClient.connect(
            loop: loop, descriptors: descriptors, handlers: handlers)
        let sink = OutgoingPipe<LogEntry>(loop: loop, client: envelope) { envelope.log($0, dropped: $1) }
        let spans = OutgoingPipe<SpanRecord>(loop: loop, client: envelope) { envelope.spans($0, dropped: $1) }
        if let rate = setup.tracesPerSecond { telemetry.tracer.record(tracesPerSecond: rate) { spans.write($0) } }
        let environment = try await DeployedEnvironment.start(
            setup: setup, envelope: envelope, registry: registry, loop: loop, level: level, sink: sink,
            telemetry: telemetry)
        bootstrap(sink, environment.replica)
        let weavelet = Weavelet(
            envelope: envelope, environment: environment, registry: registry, sink: sink, spans: spans,
            requests: requests)
        if setup.tracesPerSecond != nil, telemetry.tracer.isSilenced {
            weavelet.logger.notice("\(WeaverTracer.silence)")
        }
        weavelet.reporter.start()
        accept(
            WeaveletInfo(
                protocolVersion: 0, address: environment.server.address.description, processID: Int64(getpid()),
                version: environment.version))
        return weavelet
    }

    private init(
        envelope: EnvelopeClient, environment: DeployedEnvironment, registry: ComponentRegistry,
        sink: OutgoingPipe<LogEntry>, spans: OutgoingPipe<SpanRecord>, requests: AsyncStream<Request>
    ) {
        self.spans = spans
        reporter = MetricReporter(
            loop: environment.loop, table: environment.telemetry.metrics, client: envelope)
        self.envelope = envelope
        self.environment = environment
        self.sink = sink
        self.requests = requests
        logger = environment.logger(for: environment.replica.group.first ?? "")
        let host = ComponentHost(
            registry: registry, hosted: Set(environment.replica.group), environment: environment)
        process = ApplicationProcess(host: host, environment: environment, logger: logger)
    }

    /// Where the process's log goes.
    package var log: any LogSink { sink }

    /// The deployer's pipe, whose end the watchdog watches for.
    package var controlDescriptor: Int32 { envelope.controlDescriptor }

    /// Does what the deployer says; gives the code to exit with, once everything has stopped and been flushed.
    /// `watching` gets the process first: the place to watch signals.
    package func run(watching: (ApplicationProcess) async -> Void = { _ in }) async -> Int32 {
        await watching(process)
        let handling = Task(executorPreference: environment.loop) {
            for await request in requests { handle(request) }
        }
        let code = await process.exitCode()
        handling.cancel()
        await environment.close()
        environment.telemetry.tracer.stopRecording()
        await reporter.finish()
        // What waits for the pipe is waited for once.
        await spans.flush(within: .zero)
        await sink.flush(within: Self.flushBound)
        await closeEnvelope()
        return code
    }

    private func handle(_ request: Request) {
        switch request {
        case .start(let components, let done):
            Task(executorPreference: environment.loop) { await start(components, done) }
        case .routing(let info):
            environment.update(info)
        case .load(let done):
            done(environment.takeLoad())
        case .drain(let done):
            process.drain(done)
        case .shutdown:
            process.report(.shutdownRequested)
        case .closed(let reason):
            if let reason { logger.error("the deployer is gone: \(reason)") }
            process.report(.controlClosed)
        }
    }

    private func start(_ components: [String], _ done: @Sendable (String?) -> Void) async {
        do {
            try await process.start(components)
        } catch {
            return done("\(error)")
        }
        done(nil)
        if components.contains(ComponentRegistry.main) { await process.serve() }
    }

    /// A deployer that does not read must not keep the process alive.
    private func closeEnvelope() async {
        _ = try? await DetachedCall.onLoop(environment.loop).run(within: Self.flushBound) { await envelope.close() }
    }
}
