internal import HTTPTypes
internal import Logging
internal import Synchronization
internal import Tracing
internal import WeaverCore
internal import WeaverLoop

/// One request and its response, between the loop, where bytes come and go, and the handler's task, which may run
/// anywhere. What both touch is behind the lock; the connection is touched on the loop only.
final class ApplicationExchange: @unchecked Sendable {
    // @unchecked: `connection`, `tunnel`, and what has been sent belong to the loop's thread.

    /// What Content-Length of the request says.
    let announcedLength: UInt64?

    /// What the request offers besides HTTP.
    let offered: OfferedProtocols?
    let application: Application
    private let isContinueWanted: Bool
    private var connection: HTTPServerConnection?
    private var isHeadSent = false
    private var isOver = false
    private var isContinueSent = false
    /// After 101: what the connection is now.
    private(set) var tunnel: ApplicationTunnel?
    /// Waits for the handler to leave its tunnel, whose connection is gone.
    private var leaveWatch: Task<Void, Never>?

    private struct State {
        /// The client went away before it had its response.
        var isGone = false
        var task: Task<Void, Never>?
        /// Of the response, for its span; nil before there is one.
        var status: Int?
    }

    private let state = Mutex(State())
    private let inbox = Inbox<[UInt8]>()
    private let room = WriterRoom()
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

    private static let headIsSent = HTTPError(code: .invalidState, message: "a final head has been sent")

    private static let excess = HTTPError(
        code: .lengthExceeded, message: "more body than Content-Length or the status allows")

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

    private func end(after error: HTTPError?) throws {
        guard !isOver else { return }
        if isHeadSent {
            isOver = true
            connection?.abort()
        } else if error?.code == .bodyTooLarge {
            fail(.contentTooLarge, "the request's body is too large")
        } else if let error, let answer = error.answer {
            let text = Array("\(error.message)\n".utf8)
            try sendHead(answer, length: UInt64(text.count))
            try sendBody(text)
            finish()
        } else {
            fail(.internalServerError, "the handler failed")
        }
    }

    /// Keeps the status of the response for the span, if there is one.
    private func noteStatus(_ status: Int) {
        if isRecorded.load(ordering: .relaxed) { state.withLock { $0.status = status } }
    }

    private func fail(_ status: HTTPStatus, _ detail: String) {
        isHeadSent = true
        isOver = true
        noteStatus(Int(status.rawValue))
        connection?.respondError(status, detail: detail)
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
        tunnel?.roomForMore()
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
    private func watch(_ tunnel: ApplicationTunnel, _ bound: Duration) -> Task<Void, Never> {
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

    // MARK: The response

    /// Sends the head, with the length that is known or that its fields announce.
    func sendHead(_ response: HTTPResponse, length: UInt64?) throws {
        guard let connection else { throw Self.gone }
        guard !isHeadSent, !isOver else { throw Self.headIsSent }
        guard (200...599).contains(response.status.code) else {
            throw HTTPError(code: .invalidState, message: "no final response has the status \(response.status.code)")
        }
        let announced = response.headerFields[.contentLength].flatMap(UInt64.init) ?? length
        let status = HTTPStatus(rawValue: UInt16(response.status.code))
        let body: BodyFraming = announced.map { $0 > 0 ? .length($0) : .none } ?? .chunked
        var plan = connection.planResponse(status, body: body)
        if let length, length > 0, plan.framing == .none, connection.traits?.method != .head { throw Self.excess }
        isHeadSent = true
        noteStatus(response.status.code)
        if response.headerFields[.connection]?.lowercased() == "close" { plan = plan.closing() }
        let date = connection.server.date()
        connection.sendHead(plan) { output in
            ResponseHeadWriter.write(response, status: status, length: announced, plan: plan, date: date, to: &output)
        }
    }

    /// Sends a part of the body.
    func sendBody(_ bytes: [UInt8]) throws {
        guard let connection else { throw Self.gone }
        guard isHeadSent, !isOver else {
            throw HTTPError(code: .invalidState, message: "a body before its head, or after its end")
        }
        guard connection.mayWrite(bytes.count) else { throw Self.excess }
        unsafe connection.sendBody(bytes.span.bytes)
        if !connection.isWritable { room.filled() }
    }

    /// Ends the response.
    func finish() {
        guard !isOver, let connection else { return }
        isOver = true
        self.connection = nil
        connection.finishResponse()
    }

    // MARK: Another protocol

    /// Answers by 101, whose head `write` writes. What comes from now on is the tunnel's.
    func beginTunnel<Tunnel: ApplicationTunnel>(
        _ make: (HTTPServerConnection, Application) -> Tunnel, _ write: (inout OutputBuffer) -> Void
    ) throws -> Tunnel {
        guard let connection else { throw Self.gone }
        guard !isHeadSent, !isOver else { throw Self.headIsSent }
        guard connection.mayBeginTunnel else {
            throw HTTPError(code: .invalidState, message: "the request's body was not read to its end")
        }
        isHeadSent = true
        noteStatus(Int(HTTPStatus.switchingProtocols.rawValue))
        let tunnel = make(connection, application)
        self.tunnel = tunnel
        connection.beginTunnel(write)
        return tunnel
    }

    /// The handler has left its tunnel, which `end` ends.
    func leaveTunnel(_ end: @escaping @Sendable () -> Void) async {
        try? await onLoop { exchange in
            exchange.isOver = true
            exchange.leaveWatch?.cancel()
            exchange.leaveWatch = nil
            end()
        }
    }

    /// Waits until there is room for more behind a write of `bytes`.
    func waitForRoom(after bytes: Int) async throws {
        try await room.wait(after: bytes, on: application.loop)
    }
}
