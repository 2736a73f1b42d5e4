package import WeaverCore
package import WeaverLoop

/// The hands of a ``Babysitter``: processes, pipes, proxies and timers on one loop.
///
/// One door: ``perform(_:)`` feeds the babysitter an event, and then does what it says.
package final class Deployer: EnvelopeDelegate, @unchecked Sendable {
    // @unchecked: everything mutable belongs to the loop's thread.

    /// How the start of a replica went.
    package enum StartReport: Equatable, Sendable {
        /// Its components have started.
        case started
        /// It could not start, or has ended: why.
        case failed(String)
    }

    let loop: EventLoop
    let configuration: Configuration
    private(set) var babysitter: Babysitter
    private var telemetry: DeploymentTelemetry
    private var envelopes: [String: Envelope] = [:]
    /// What the replicas that live were told first.
    private var setups: [String: SetupInfo] = [:]
    /// Those whose process has ended, as long as they read its outputs.
    private var ending: [Envelope] = []
    private var proxies: [String: ReverseProxy] = [:]
    private var timer: LoopTimer?
    private var isPerforming = false
    private var onEnd: ((Int32) -> Void)?
    /// What the deployment has ended with.
    private var exitCode: Int32?
    private var onLoad: [UInt64: (Babysitter) -> Void] = [:]
    /// Who has asked for the rolling restart that is under way.
    private var onRestart: ((RestartProgress) -> Void)?

    /// - Parameters:
    ///   - secret: ``SetupInfo/secretLength`` bytes from the system's random source.
    ///   - wallClock: microseconds since 1970, for log entries of the deployer's own and of the processes' output.
    package init(
        loop: EventLoop, configuration: Configuration, secret: [UInt8], seed: UInt64, sink: any LogSink,
        wallClock: @escaping @Sendable () -> Int64
    ) {
        self.loop = loop
        self.configuration = configuration
        telemetry = DeploymentTelemetry(configuration, sink: sink, wallClock: wallClock)
        babysitter = Babysitter(
            plan: configuration.plan, sections: configuration.sections, deadline: configuration.deadline,
            deployment: configuration.deployment, secret: secret, seed: seed, limits: configuration.limits)
    }

    /// A deployer whose secret and seed come from the system's random source, and that has this machine's clock.
    package convenience init(loop: EventLoop, configuration: Configuration, sink: any LogSink) {
        var random = SystemRandomNumberGenerator()
        let secret = (0..<SetupInfo.secretLength).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        self.init(
            loop: loop, configuration: configuration, secret: secret, seed: random.next(), sink: sink,
            wallClock: { WallClock.microseconds })
    }

    /// Runs the deployment until it has ended, and gives its exit code. One that was stopped before runs nothing.
    package func run() async throws -> Int32 {
        try await withCheckedThrowingContinuation { continuation in
            loop.execute { [self] in
                if let exitCode { return continuation.resume(returning: exitCode) }
                do {
                    timer = try LoopTimer(loop: loop) { [unowned self] in
                        perform { $0.tick(now: loop.now) }
                    }
                } catch {
                    return continuation.resume(throwing: error)
                }
                onEnd = { continuation.resume(returning: $0) }
                perform { $0.start(now: loop.now) }
            }
        }
    }

    /// Ends the deployment in order; asked a second time, at once. From any thread.
    package func stop() {
        loop.execute { [self] in perform { $0.stop(now: loop.now) } }
    }

    /// What is shown of the deployment and its proxies. On the loop's thread.
    func status(began: MonotonicTime, processID: Int32, of babysitter: Babysitter, withRouting: Bool = false)
        -> DeploymentStatus
    {
        var status = babysitter.status(
            began: began, now: loop.now, processID: processID, withRouting: withRouting)
        status.proxies = proxies.sorted { $0.key < $1.key }.map { listener, proxy in
            var status = proxy.status(listener: listener)
            for index in status.backends.indices {
                status.backends[index].pid = babysitter.processID(
                    exporting: listener, at: status.backends[index].address)
            }
            return status
        }
        return status
    }

    /// What all processes have measured, and the proxies. On the loop's thread.
    func measurements() -> MeasuredDeployment {
        let proxies = proxies.sorted { $0.key < $1.key }.flatMap { $1.status(listener: $0).metrics }
        return telemetry.measurements(with: proxies)
    }

    /// The same, from any thread.
    func currentMeasurements() async -> MeasuredDeployment {
        await withCheckedContinuation { continuation in
            loop.execute { [self] in continuation.resume(returning: measurements()) }
        }
    }

    /// Where the listeners' proxies listen, by the listener's name; nowhere when the loop has ended. From any thread.
    package func proxyAddresses() async -> [String: String] {
        let addresses = try? await loop.run { [self] in proxies.compactMapValues { $0.localAddress?.description } }
        return addresses ?? [:]
    }

    /// Asks all replicas of routed components for their load; `done` gets the babysitter once it has heard, or has waited
    /// long enough. On the loop's thread.
    func collectLoad(_ done: @escaping (Babysitter) -> Void) {
        perform { onLoad[$0.collectLoad(now: loop.now)] = done }
    }

    /// Replaces all replicas, or those of the group of `component`, one after another; `onProgress` hears of it until the
    /// restart is done or has failed. On the loop's thread.
    func restart(component: String?, onProgress: @escaping (RestartProgress) -> Void) {
        perform { babysitter in
            if let refusal = babysitter.restart(component: component, now: loop.now) {
                onProgress(RestartProgress(.failed, refusal))
            } else {
                onRestart = onProgress
            }
        }
    }

    // MARK: The door

    private func perform(_ event: (inout Babysitter) -> Void) {
        event(&babysitter)
        // Actions may cause events at once, such as a proxy's address: they are done in order, not nested.
        guard !isPerforming else { return }
        isPerforming = true
        while true {
            let actions = babysitter.takeActions()
            if actions.isEmpty { break }
            for action in actions { perform(action) }
        }
        isPerforming = false
        if let deadline = babysitter.nextDeadline { timer?.arm(at: deadline) } else { timer?.disarm() }
    }

    private func perform(_ action: Babysitter.Action) {
        switch action {
        case .spawn(let setup): spawn(setup)
        case .send(let replica, let message, let awaitsReply):
            if awaitsReply { request(replica, message) } else { envelopes[replica]?.send(message) }
        case .reply(let replica, let request, let message): envelopes[replica]?.reply(to: request, message)
        case .kill(let replica, let signal): envelopes[replica]?.kill(signal)
        case .startProxy(let listener, let address): startProxy(listener, address)
        case .setBackends(let listener, let addresses): proxies[listener]?.setBackends(addresses)
        case .fellSilent(let listener, let address): proxies[listener]?.fellSilent(address)
        case .drainProxy(let listener): proxies[listener]?.drain {}
        case .awaitRelease(let replica, let listener, let address):
            awaitRelease(of: replica, listener: listener, address)
        case .stopProxy(let listener): proxies.removeValue(forKey: listener)?.close()
        case .loadCollected(let id): onLoad.removeValue(forKey: id)?(babysitter)
        case .restart(let progress):
            onRestart?(progress)
            if progress.outcome != .underWay { onRestart = nil }
        case .log(let level, let message, let component, let replica):
            telemetry.write(level, message, component: component, replica: replica ?? "")
        case .end(let code): end(code)
        }
    }

    private func end(_ code: Int32) {
        exitCode = code
        for envelope in envelopes.values { envelope.close() }
        envelopes = [:]
        for envelope in ending { envelope.closeOutputs() }
        ending = []
        timer?.close()
        timer = nil
        onLoad = [:]
        onRestart = nil
        let onEnd = onEnd
        self.onEnd = nil
        onEnd?(code)
    }

    // MARK: Processes

    private func spawn(_ setup: SetupInfo) {
        let replica = setup.replica
        var setup = setup
        setup.tracesPerSecond = configuration.traces?.perSecond
        setup.callSocket = configuration.sockets?.socketPath(ofReplica: replica)
        do throws(UVError) {
            let envelope = try envelope(for: setup)
            envelopes[replica] = envelope
            setups[replica] = setup
            perform { $0.spawned(replica, processID: envelope.processID) }
            request(replica, .setup(setup))
        } catch {
            let isShortage = error.isShortage
            configuration.onStart?(setup, .failed("\(setup.group[0]) could not be started: \(error)"))
            perform { $0.spawnFailed(replica, reason: "\(error)", isShortage: isShortage, now: loop.now) }
        }
    }

    private func envelope(for setup: SetupInfo) throws(UVError) -> Envelope {
        let group = setup.group[0]
        if let resident = configuration.resident?(setup) {
            return try Envelope(loop: loop, replica: setup.replica, group: group, resident: resident, delegate: self)
        }
        return try Envelope(
            loop: loop, replica: setup.replica, group: group, program: configuration.program, delegate: self)
    }

    private func reportStart(of replica: String, _ message: EnvelopeMessage, _ reply: WeaveletMessage) {
        guard let onStart = configuration.onStart, let setup = setups[replica] else { return }
        switch (message, reply) {
        case (.componentsToStart, .done): onStart(setup, .started)
        case (.setup, .refused(let reason)), (.componentsToStart, .refused(let reason)): onStart(setup, .failed(reason))
        default: break
        }
    }

    private func request(_ replica: String, _ message: EnvelopeMessage) {
        guard let envelope = envelopes[replica] else { return }
        let source = envelope.source
        envelope.request(message) { [self] reply in
            // Without a reply the pipe has closed, which the babysitter hears of by itself.
            guard let reply else { return }
            reportStart(of: replica, message, reply)
            perform { babysitter in
                babysitter.answered(replica, now: loop.now)
                switch (message, reply) {
                // A weavelet that counts no load serves all the same.
                case (.reportLoad, .refused): babysitter.loadReported(by: replica, [], now: loop.now)
                case (_, .refused(let reason)): babysitter.failed(replica, reason: reason, now: loop.now)
                case (.setup, .info(let info)): babysitter.reported(replica, info, now: loop.now)
                case (.componentsToStart, .done): babysitter.started(replica, now: loop.now)
                case (.drain, .done): babysitter.drained(replica, now: loop.now)
                case (.healthCheck, .health): babysitter.passedCheck(replica, now: loop.now)
                case (.reportLoad, .load(let reports, let problem)):
                    babysitter.loadReported(by: replica, reports, now: loop.now)
                    if let problem { telemetry.dropped("load", problem, of: source) }
                default: babysitter.failed(replica, reason: "it gave an answer of another kind", now: loop.now)
                }
            }
        }
    }

    package func envelope(_ envelope: Envelope, received message: WeaveletMessage, id: Int64) {
        let replica = envelope.replica
        perform { babysitter in
            babysitter.answered(replica, now: loop.now)
            switch message {
            case .startComponent(let component):
                babysitter.startComponentAsked(by: replica, component: component, request: id, now: loop.now)
            case .getAddress(let listener): babysitter.addressAsked(by: replica, listener: listener, request: id)
            case .exportListener(let listener, let address):
                babysitter.exported(by: replica, listener: listener, address: address, request: id)
            case .leaving(let completed): babysitter.leaving(replica, completed: completed, now: loop.now)
            case .log(let entries, let dropped): telemetry.take(entries, dropped: dropped, of: envelope.source)
            case .spans(let spans, let dropped): telemetry.take(spans, dropped: dropped, of: envelope.source)
            case .metrics(let report, let problem): telemetry.take(report, problem, of: envelope.source)
            case .info, .done, .refused, .health, .load, .unknown:
                envelope.reply(to: id, .refused("a message of a kind that this side does not take"))
            }
        }
    }

    package func envelope(_ envelope: Envelope, pipesClosed reason: String?) {
        let words = reason.map { "its pipe broke: \($0)" } ?? "its pipe has closed"
        perform { $0.failed(envelope.replica, reason: words, now: loop.now) }
    }

    package func envelope(_ envelope: Envelope, exited status: ExitStatus) {
        envelopes[envelope.replica] = nil
        if let setup = setups.removeValue(forKey: envelope.replica) {
            configuration.onStart?(setup, .failed("\(envelope.group) has ended with \(status)"))
        }
        telemetry.forget(envelope.replica)
        configuration.sockets?.remove(ofReplica: envelope.replica)
        ending.removeAll { !$0.hasOpenOutputs }
        if envelope.hasOpenOutputs { ending.append(envelope) }
        perform {
            $0.exited(
                envelope.replica, status: "\(status)", isSuccess: status == .exited(0), now: loop.now)
        }
    }

    package func envelope(_ envelope: Envelope, printed line: String, toStandardError: Bool) {
        telemetry.take(line: line, isStandardError: toStandardError, of: envelope.source)
    }

    // MARK: Proxies

    private func awaitRelease(of replica: String, listener: String, _ address: SocketAddress) {
        let released = { [weak self] in
            guard let self else { return }
            perform { $0.released(replica, listener: listener, now: self.loop.now) }
        }
        guard let proxy = proxies[listener] else { return released() }
        proxy.whenReleased(address, released)
    }

    private func startProxy(_ listener: String, _ address: SocketAddress) {
        let proxy = ReverseProxy(
            loop: loop, configuration: configuration.proxies[listener] ?? ReverseProxyConfiguration())
        proxy.accessLog = configuration.accessLogs[listener]
        do throws(UVError) {
            try proxy.start(address: address)
            proxies[listener] = proxy
            let bound = proxy.localAddress ?? address
            perform { $0.proxyStarted(listener, address: bound, now: loop.now) }
        } catch {
            let reason = error.isAddressInUse ? "the address \(address) is in use" : "\(error)"
            perform { $0.proxyFailed(listener, reason: reason) }
        }
    }
}

extension Envelope {
    fileprivate var source: DeploymentTelemetry.Source { .init(group: group, replica: replica) }
}
