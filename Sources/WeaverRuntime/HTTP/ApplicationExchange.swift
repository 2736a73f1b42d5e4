internal import HTTPTypes
internal import Logging
internal import Synchronization
internal import Tracing
internal import WeaverCore
internal import WeaverLoop

/// One request and its response, between the loop, where bytes come and go, and the handler's task, which may run
/// anywhere. What both touch is behind the lock; the connection is touched on the loop only.
///
/// The parts: `ApplicationExchange+Response`, `ApplicationExchange+Upgrade`.
final class ApplicationExchange: @unchecked Sendable {
    // @unchecked: `connection`, `tunnel`, and what has been sent belong to the loop's thread.

    /// What Content-Length of the request says.
    let announcedLength: UInt64?

    /// What the request offers besides HTTP.
    let offered: OfferedProtocols?
    let application: Application
    private let isContinueWanted: Bool
    var connection: HTTPServerConnection?
    var isHeadSent = false
    /// The response is complete, or nothing more of it can be sent.
    var isOver = false
    private var isContinueSent = false
    /// After 101: what the connection is now.
    var tunnel: (any ApplicationTunnel)?
    /// Waits for the handler to leave its tunnel, whose connection is gone.
    var leaveWatch: Task<Void, Never>?

    private struct State {
        /// The client went away before it had its response.
        var isGone = false
        var task: Task<Void, Never>?
        /// Of the response, for its span; nil before there is one.
        var status: Int?
    }

    private let state = Mutex(State())
    private let inbox = Inbox<[UInt8]>()
    let room = WriterRoom()
    /// Whether the request has a span that is recorded; set before the handler runs.
    private let isRecorded = Atomic<Bool>(false)

    /// An exchange for `request`, which was made of `head`.
    init(
        connection: HTTPServerConnection, application: Application, request: HTTPRequest,
        head: borrowing RequestHead, in bytes: RawSpan
    ) {
        self.connection = connection
        self.application = application
        offered = OfferedProtocols(request, head, in: bytes)
        isContinueWanted = head.expectsContinue
        announcedLength = if case .length(let length) = head.framing { length } else { nil }
    }

    static let gone = HTTPError(code: .clientGone, message: "the client closed the connection")

    // MARK: The task

    /// Runs the handler in a task of its own.
    func start(_ request: HTTPRequest) {
        let preference: any TaskExecutor =
            switch application.runsOn {
            case .loop: application.loop
            case .pool: globalConcurrentExecutor
            }
        application.handlers.began()
        // Not immediate: what has arrived of the body is taken in before the handler runs.
        let task = Task(executorPreference: preference) { await self.run(request) }
        state.withLock { $0.task = task }
    }

    private func run(_ request: HTTPRequest) async {
        if let context = application.tracing?.serviceContext(of: request) {
            await ServiceContext.withValue(context) { await runTraced(request) }
        } else {
            await runTraced(request)
        }
        state.withLock { $0.task = nil }
        application.handlers.ended()
    }

    private func runTraced(_ request: HTTPRequest) async {
        if let trace = application.tracing?.begin(request) {
            isRecorded.store(trace.isRecorded, ordering: .relaxed)
            await CallContext.with(CallContext(trace: trace.context)) { await handle(request) }
            trace.end(status: state.withLock { $0.status })
        } else {
            await handle(request)
        }
    }

    private func handle(_ request: HTTPRequest) async {
        do {
            try await application.handler(request, HTTPBody(exchange: self), HTTPResponseWriter(exchange: self))
            try await onLoop { $0.handlerReturned() }
        } catch {
            await handlerThrew(error, request)
        }
    }

    private func handlerReturned() {
        guard !isOver else { return }
        if isHeadSent { return finish() }
        application.logger.error("an HTTP handler returned without a response")
        fail(.internalServerError, "the handler gave no response")
    }

    private func handlerThrew(_ error: any Error, _ request: HTTPRequest) async {
        let known = error as? HTTPError
        let isGone = state.withLock { $0.isGone }
        if known?.isClients != true, !isGone {
            application.logger.error(
                "an HTTP handler failed",
                metadata: [
                    "method": "\(request.method.rawValue)", "path": "\(request.path ?? "")", "error": "\(error)",
                ])
        }
        try? await onLoop { try $0.end(after: known) }
    }

    /// Keeps the status of the response for the span, if there is one.
    func noteStatus(_ status: Int) {
        if isRecorded.load(ordering: .relaxed) { state.withLock { $0.status = status } }
    }

    /// Runs `body` on the loop's thread, right here when that is where the caller runs.
    func onLoop<R: Sendable>(_ body: @escaping @Sendable (ApplicationExchange) throws -> R) async throws -> R {
        try await application.onLoop { try body(self) }
    }

    // MARK: The loop's side

    /// Takes a part of the body; false when no more should come for now.
    func receive(_ body: RawSpan) -> Bool { inbox.put(body) }

    /// Bytes that wait for the handler.
    var bufferedBytes: Int { inbox.byteCount + (tunnel?.bufferedBytes ?? 0) }

    /// The body is complete.
    func endBody() { inbox.end() }

    /// The client has taken enough of the response.
    func roomForMore() {
        room.drained()
        tunnel?.connection.roomForMore()
    }

    /// The connection is gone: whoever waits hears of it. A handler whose response was complete goes on with what it
    /// does besides, and one that has left or leaves its tunnel, too.
    func clientGone() {
        let hadResponse = isOver
        let bound = connection?.server.configuration.tunnelLeaveTimeout
        connection = nil
        isOver = true
        inbox.fail(Self.gone)
        room.fail(Self.gone)
        tunnel?.clientGone()
        guard !hadResponse else { return }
        switch tunnel?.handlerState ?? .unheard {
        case .unheard: cancelHandler()
        case .busy: if let tunnel, let bound { leaveWatch = watch(tunnel, bound) }
        case .told: break
        }
    }

    private func cancelHandler() {
        let task = state.withLock { state in
            state.isGone = true
            return state.task
        }
        task?.cancel()
    }

    /// Cancels a handler that is busy when `bound` passes and it has asked for nothing more.
    private func watch(_ tunnel: any ApplicationTunnel, _ bound: Duration) -> Task<Void, Never> {
        // No timer of the loop: that would be in the way of the loop's end.
        Task { [weak self] in
            var last = tunnel.handlerState
            while last != .told {
                guard (try? await Task.sleep(for: bound)) != nil else { return }
                let state = tunnel.handlerState
                if state == last {
                    self?.cancelHandler()
                    return
                }
                last = state
            }
        }
    }

    // MARK: The request's body

    /// The next bytes of the body, nil at its end; one reader at a time.
    func nextSlice() async throws -> [UInt8]? {
        if isContinueWanted { try await onLoop { $0.sendContinue() } }
        guard case .element(let slice, let resumesClient) = try await inbox.next() else { return nil }
        if resumesClient { try await onLoop { $0.connection?.resumeBody() } }
        return slice
    }

    private func sendContinue() {
        guard !isContinueSent, !isHeadSent, let connection, !connection.isRequestComplete else { return }
        isContinueSent = true
        connection.sendInterim(.continue) { $0.append(ascii: "HTTP/1.1 100 Continue\r\n\r\n") }
    }
}
