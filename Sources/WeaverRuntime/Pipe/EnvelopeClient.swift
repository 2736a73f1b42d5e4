package import WeaverCore
package import WeaverLoop

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// What the deployer asks of a weavelet. All calls come on the loop's thread.
package struct EnvelopeHandlers {
    /// Constructs and starts the components; call `done` with nil, or why they could not be started.
    package var startComponents: (_ components: [String], _ done: @escaping @Sendable (String?) -> Void) -> Void
    /// The replicas of a component have changed.
    package var routingInfo: (RoutingInfo) -> Void
    /// Give what was counted of the load since the last time.
    package var reportLoad: (_ done: @escaping @Sendable ([LoadReport]) -> Void) -> Void
    /// Take no new work; call `done` once no call is in flight.
    package var drain: (_ done: @escaping @Sendable () -> Void) -> Void
    /// Stop the components and exit with 0.
    package var shutdown: () -> Void
    /// The deployer is gone, or sent what makes no sense (then with a reason): exit.
    package var closed: (_ reason: String?) -> Void

    package init(
        startComponents: @escaping (_ components: [String], _ done: @escaping @Sendable (String?) -> Void) -> Void,
        routingInfo: @escaping (RoutingInfo) -> Void,
        reportLoad: @escaping (_ done: @escaping @Sendable ([LoadReport]) -> Void) -> Void,
        drain: @escaping (_ done: @escaping @Sendable () -> Void) -> Void, shutdown: @escaping () -> Void,
        closed: @escaping (_ reason: String?) -> Void
    ) {
        self.startComponents = startComponents
        self.routingInfo = routingInfo
        self.reportLoad = reportLoad
        self.drain = drain
        self.shutdown = shutdown
        self.closed = closed
    }
}

/// The deployer has refused a request, or is gone.
package struct EnvelopeError: Error, Equatable, CustomStringConvertible {
    package let description: String

    static let gone = EnvelopeError(description: "the deployer is gone")
}

/// A weavelet's side of the pipes to its deployer. May be used from any thread.
package final class EnvelopeClient: @unchecked Sendable {
    // @unchecked: everything mutable belongs to the loop's thread.

    /// The environment variables that name the pipes' descriptors.
    package static let readVariable = "WEAVER_ENVELOPE_TO_WEAVELET_FD"
    package static let writeVariable = "WEAVER_WEAVELET_TO_ENVELOPE_FD"

    private typealias Pipe = PipeConnection<EnvelopeCodec, WeaveletCodec>

    private let loop: EventLoop
    /// The end that is read: its hang-up means that the deployer is gone. For the watchdog.
    package let controlDescriptor: Int32
    private var pipe: Pipe?
    private var handlers: EnvelopeHandlers?
    private var onSetup: ((Int64, SetupInfo) -> Void)?
    private var onClosed: [() -> Void] = []

    private init(loop: EventLoop, readDescriptor: Int32) {
        self.loop = loop
        controlDescriptor = readDescriptor
    }

    /// The descriptors named by the environment; nil when this process was not started by a deployer.
    package static func descriptors() -> (read: Int32, write: Int32)? {
        guard let read = unsafe getenv(readVariable), let write = unsafe getenv(writeVariable) else { return nil }
        guard let read = unsafe Int32(String(cString: read)), let write = unsafe Int32(String(cString: write)) else {
            return nil
        }
        return (read, write)
    }

    /// Takes over the pipes, answers nothing yet, and gives what the deployer says first.
    ///
    /// A protocol that does not match is answered and thrown here. Children of this process do not inherit the pipes.
    package static func connect(
        loop: EventLoop, descriptors: (read: Int32, write: Int32), handlers: sending EnvelopeHandlers
    ) async throws -> (client: EnvelopeClient, setup: SetupInfo, accept: @Sendable (WeaveletInfo) -> Void) {
        let client = EnvelopeClient(loop: loop, readDescriptor: descriptors.read)
        // Only ever touched by the loop's thread from here on.
        nonisolated(unsafe) let handlers = handlers
        let (id, setup) = try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<(Int64, SetupInfo), any Error>) in
            loop.handOver { isInLoop in
                guard isInLoop else {
                    closePipes(descriptors)
                    return continuation.resume(throwing: EnvelopeError.gone)
                }
                unsafe client.open(descriptors, handlers: handlers, continuation: continuation)
            }
        }
        switch PipeProtocol.negotiate(deployer: setup.protocolVersions) {
        case .failure(let mismatch):
            client.answer(id, .refused("\(mismatch)"))
            // Whoever catches this ends the process: the answer has to have left by then.
            await client.close()
            throw mismatch
        case .success(let version):
            return (
                client, setup,
                { info in
                    var info = info
                    info.protocolVersion = version
                    client.answer(id, .info(info))
                }
            )
        }
    }

    private func open(
        _ descriptors: (read: Int32, write: Int32), handlers: EnvelopeHandlers,
        continuation: CheckedContinuation<(Int64, SetupInfo), any Error>
    ) {
        var waiting: CheckedContinuation<(Int64, SetupInfo), any Error>? = continuation
        self.handlers = handlers
        onSetup = { id, setup in
            waiting?.resume(returning: (id, setup))
            waiting = nil
        }
        do {
            let pipe = try Pipe(
                loop: loop, readDescriptor: descriptors.read, writeDescriptor: descriptors.write)
            pipe.onMessage = { [self] id, message in received(id, message) }
            pipe.onClose = { [self] reason in
                self.pipe = nil
                waiting?.resume(throwing: EnvelopeError(description: reason ?? EnvelopeError.gone.description))
                waiting = nil
                let handlers = self.handlers
                self.handlers = nil
                onSetup = nil
                handlers?.closed(reason)
                for closed in onClosed { closed() }
                onClosed = []
            }
            self.pipe = pipe
            pipe.start()
        } catch {
            waiting?.resume(throwing: error)
            waiting = nil
        }
    }

    private func received(_ id: Int64, _ message: EnvelopeMessage) {
        switch message {
        case .setup(let setup): onSetup?(id, setup)
        case .componentsToStart(let names):
            handlers?.startComponents(names) { [self] problem in
                answer(id, problem.map { .refused($0) } ?? .done)
            }
        case .routingInfo(let info): handlers?.routingInfo(info)
        case .healthCheck: pipe?.reply(to: id, .health)
        case .drain: handlers?.drain { [self] in answer(id, .done) }
        case .shutdown: handlers?.shutdown()
        case .reportLoad: handlers?.reportLoad { [self] in answer(id, .load($0)) }
        case .address, .listenerExported, .done, .refused, .unknown:
            // Answers come by their id; here they would answer nothing.
            pipe?.reply(to: id, .refused("a message of a kind that this side does not take"))
        }
    }

    private func answer(_ id: Int64, _ message: WeaveletMessage) {
        loop.execute { [self] in pipe?.reply(to: id, message) }
    }

    /// Asks the deployer to start a component's group, and to tell of its replicas from now on.
    package func startComponent(_ name: String) async throws {
        guard case .done = try await request(.startComponent(name)) else { throw unexpected }
    }

    /// The address on which a listener shall listen.
    package func address(forListener name: String) async throws -> String {
        guard case .address(let address) = try await request(.getAddress(listener: name)) else { throw unexpected }
        return address
    }

    /// Tells where a listener listens, and gives the address at which the world reaches it.
    package func exportListener(_ name: String, address: String) async throws -> String {
        let reply = try await request(.exportListener(listener: name, address: address))
        guard case .listenerExported(let proxyAddress) = reply else { throw unexpected }
        return proxyAddress
    }

    /// Sends log entries, with how many were lost before them. Never waits.
    package func log(_ entries: [LogEntry], dropped: UInt64) {
        loop.execute { [self] in pipe?.send(.log(entries, dropped: dropped)) }
    }

    /// Sends spans that have ended, with how many were lost before them. Never waits.
    package func spans(_ spans: [SpanRecord], dropped: UInt64) {
        loop.execute { [self] in pipe?.send(.spans(spans, dropped: dropped)) }
    }

    /// Sends what has been measured since the last report. On the loop's thread.
    package func metrics(_ report: MetricReport) { pipe?.send(.metrics(report)) }

    /// Tells that this process ends by its own will: because `serve()` has returned (`completed`, so that it is not
    /// started again), or for another reason, such as a signal.
    package func leaving(completed: Bool) {
        loop.execute { [self] in pipe?.send(.leaving(completed: completed)) }
    }

    /// Bytes that the deployer has not taken. On the loop's thread.
    package var queuedBytes: Int { pipe?.queuedBytes ?? 0 }

    /// Sends what is queued and closes the pipes; returns when that is done. `closed` is not called any more.
    package func close() async {
        await withCheckedContinuation { continuation in
            loop.handOver { [self] isInLoop in
                // A loop that has ended has closed the pipes.
                guard isInLoop else { return continuation.resume() }
                handlers = nil
                guard let pipe else { return continuation.resume() }
                onClosed.append { continuation.resume() }
                pipe.close()
            }
        }
    }

    private var unexpected: EnvelopeError { EnvelopeError(description: "the deployer gave an answer of another kind") }

    private func request(_ message: WeaveletMessage) async throws -> EnvelopeMessage {
        let reply: EnvelopeMessage = try await withCheckedThrowingContinuation { continuation in
            loop.handOver { [self] isInLoop in
                guard isInLoop, let pipe else { return continuation.resume(throwing: EnvelopeError.gone) }
                pipe.request(message) { reply in
                    continuation.resume(with: reply.map { .success($0) } ?? .failure(EnvelopeError.gone))
                }
            }
        }
        if case .refused(let reason) = reply { throw EnvelopeError(description: reason) }
        return reply
    }
}

/// Closes pipes that nobody takes over any more.
private func closePipes(_ descriptors: (read: Int32, write: Int32)) {
    close(descriptors.read)
    close(descriptors.write)
}
