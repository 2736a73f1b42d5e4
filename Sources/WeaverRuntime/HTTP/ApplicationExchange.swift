internal import HTTPTypes
internal import Logging
internal import Synchronization
internal import WeaverCore
internal import WeaverLoop

/// One request and its response, between the loop, where bytes come and go, and the handler's task, which may run
/// anywhere. What both touch is behind the lock; the connection is touched on the loop only.
final class ApplicationExchange: @unchecked Sendable {
    // @unchecked: `connection`, `isHeadSent` and `isOver` belong to the loop's thread.

    /// Bytes of a request's body that wait for the handler; above, the client is held back, and below the low mark it
    /// goes on.
    static let bodyHighWaterMark = 256 * 1024
    static let bodyLowWaterMark = 64 * 1024

    /// What Content-Length of the request says.
    let announcedLength: UInt64?

    private let application: Application
    private let isContinueWanted: Bool
    private var connection: HTTPServerConnection?
    private var isHeadSent = false
    private var isOver = false
    private var isContinueSent = false

    private struct State {
        var slices: [[UInt8]] = []
        var queuedBytes = 0
        var hasEnded = false
        var isGone = false
        var isBodyPaused = false
        var isFull = false
        var reader: CheckedContinuation<[UInt8]?, any Error>?
        var writer: CheckedContinuation<Void, any Error>?
        var task: Task<Void, Never>?
        var isCancelled = false
    }

    private let state = Mutex(State())

    init(connection: HTTPServerConnection, application: Application, head: borrowing RequestHead) {
        self.connection = connection
        self.application = application
        isContinueWanted = head.expectsContinue
        announcedLength = if case .length(let length) = head.framing { length } else { nil }
    }

    private static let gone = HTTPError(code: .clientGone, message: "the client closed the connection")

    // MARK: The task

    /// Runs the handler in a task of its own.
    func start(_ request: HTTPRequest) {
        let preference: any TaskExecutor =
            switch application.runsOn {
            case .loop: application.loop
            case .pool: globalConcurrentExecutor
            }
        // Not immediate: what has arrived of the body is taken in before the handler runs.
        let task = Task(executorPreference: preference) { await self.run(request) }
        let isCancelled = state.withLock { state in
            state.task = task
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
    }

    private func run(_ request: HTTPRequest) async {
        do {
            try await application.handler(request, HTTPBody(exchange: self), HTTPResponseWriter(exchange: self))
            try await onLoop { $0.handlerReturned() }
        } catch {
            await handlerThrew(error, request)
        }
        state.withLock { $0.task = nil }
    }

    private func handlerReturned() {
        guard !isOver else { return }
        if isHeadSent { return finish() }
        application.logger.error("an HTTP handler returned without a response")
        fail(.internalServerError, "the handler gave no response")
    }

    private func handlerThrew(_ error: any Error, _ request: HTTPRequest) async {
        let code = (error as? HTTPError)?.code
        let isGone = state.withLock { $0.isGone || $0.isCancelled }
        if code != .bodyTooLarge, !isGone {
            application.logger.error(
                "an HTTP handler failed",
                metadata: [
                    "method": "\(request.method.rawValue)", "path": "\(request.path ?? "")", "error": "\(error)",
                ])
        }
        try? await onLoop { exchange in
            guard !exchange.isOver else { return }
            if exchange.isHeadSent {
                exchange.isOver = true
                exchange.connection?.abort()
            } else if code == .bodyTooLarge {
                exchange.fail(.contentTooLarge, "the request's body is too large")
            } else {
                exchange.fail(.internalServerError, "the handler failed")
            }
        }
    }

    private func fail(_ status: HTTPStatus, _ detail: String) {
        isHeadSent = true
        isOver = true
        connection?.respondError(status, detail: detail)
    }

    /// Runs `body` on the loop's thread, right here when that is where the caller runs.
    func onLoop<R: Sendable>(_ body: @escaping @Sendable (ApplicationExchange) throws -> R) async throws -> R {
        if application.loop.isInLoop { return try body(self) }
        return try await withCheckedThrowingContinuation { continuation in
            application.loop.execute { continuation.resume(with: Result { try body(self) }) }
        }
    }

    // MARK: The loop's side

    /// Takes a part of the body; false when no more should come for now.
    func receive(_ body: RawSpan) -> Bool {
        let slice = unsafe body.withUnsafeBytes { unsafe [UInt8]($0) }
        let (reader, goOn) = state.withLock { state -> (CheckedContinuation<[UInt8]?, any Error>?, Bool) in
            if let reader = state.reader {
                state.reader = nil
                return (reader, true)
            }
            state.slices.append(slice)
            state.queuedBytes += slice.count
            state.isBodyPaused = state.queuedBytes >= Self.bodyHighWaterMark
            return (nil, !state.isBodyPaused)
        }
        reader?.resume(returning: slice)
        return goOn
    }

    /// The body is complete.
    func endBody() {
        let reader = state.withLock { state in
            state.hasEnded = true
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: nil)
    }

    /// The client has taken enough of the response.
    func roomForMore() {
        let writer = state.withLock { state in
            state.isFull = false
            defer { state.writer = nil }
            return state.writer
        }
        writer?.resume()
    }

    /// The handler need not go on.
    func cancelTask() {
        let task = state.withLock { state in
            state.isCancelled = true
            return state.task
        }
        task?.cancel()
    }

    /// The connection is gone: whoever waits hears of it.
    func clientGone() {
        connection = nil
        isOver = true
        let (reader, writer) = state.withLock { state in
            state.isGone = true
            defer {
                state.reader = nil
                state.writer = nil
            }
            return (state.reader, state.writer)
        }
        reader?.resume(throwing: Self.gone)
        writer?.resume(throwing: Self.gone)
        cancelTask()
    }

    // MARK: The request's body

    /// The next bytes of the body, nil at its end; one reader at a time.
    func nextSlice() async throws -> [UInt8]? {
        if isContinueWanted { try await onLoop { $0.sendContinue() } }
        let found = try takeSlice()
        if found.resumesClient { try await onLoop { $0.connection?.resumeBody() } }
        if found.isAvailable { return found.slice }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { wait($0) }
        } onCancel: {
            let reader = state.withLock { state in
                defer { state.reader = nil }
                return state.reader
            }
            reader?.resume(throwing: CancellationError())
        }
    }

    /// What can be read without waiting; `isAvailable` with a nil slice at the end.
    private func takeSlice() throws -> (isAvailable: Bool, slice: [UInt8]?, resumesClient: Bool) {
        try state.withLock { state in
            if !state.slices.isEmpty {
                let slice = state.slices.removeFirst()
                state.queuedBytes -= slice.count
                let resumes = state.isBodyPaused && state.queuedBytes <= Self.bodyLowWaterMark
                if resumes { state.isBodyPaused = false }
                return (true, slice, resumes)
            }
            if state.hasEnded { return (true, nil, false) }
            if state.isGone { throw Self.gone }
            return (false, nil, false)
        }
    }

    private func wait(_ continuation: CheckedContinuation<[UInt8]?, any Error>) {
        let result: Result<[UInt8]?, any Error>? = state.withLock { state in
            precondition(state.reader == nil, "two tasks read one body")
            if !state.slices.isEmpty {
                let slice = state.slices.removeFirst()
                state.queuedBytes -= slice.count
                return .success(slice)
            }
            if state.hasEnded { return .success(nil) }
            if state.isGone { return .failure(Self.gone) }
            if Task.isCancelled || state.isCancelled { return .failure(CancellationError()) }
            state.reader = continuation
            return nil
        }
        if let result { continuation.resume(with: result) }
    }

    private func sendContinue() {
        guard !isContinueSent, !isHeadSent, let connection, !connection.isRequestComplete else { return }
        isContinueSent = true
        connection.sendInterim { $0.append(ascii: "HTTP/1.1 100 Continue\r\n\r\n") }
    }

    // MARK: The response

    /// Sends the head, with the length that is known or that its fields announce.
    func sendHead(_ response: HTTPResponse, length: UInt64?) throws {
        guard let connection else { throw Self.gone }
        guard !isHeadSent, !isOver, response.status.kind != .informational else {
            throw HTTPError(code: .invalidState, message: "a final head has been sent, or the head is not final")
        }
        let announced = response.headerFields[.contentLength].flatMap(UInt64.init) ?? length
        let status = HTTPStatus(rawValue: UInt16(clamping: response.status.code))
        let body: BodyFraming = announced.map { $0 > 0 ? .length($0) : .none } ?? .chunked
        isHeadSent = true
        var plan = connection.planResponse(status, body: body)
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
        guard connection.mayWrite(bytes.count) else {
            throw HTTPError(code: .lengthExceeded, message: "more body than Content-Length announced")
        }
        unsafe connection.sendBody(bytes.span.bytes)
        if !connection.isWritable { state.withLock { $0.isFull = true } }
    }

    /// Ends the response.
    func finish() {
        guard !isOver, let connection else { return }
        isOver = true
        self.connection = nil
        connection.finishResponse()
    }

    /// Waits until the client has taken enough of what was written.
    func waitForRoom() async throws {
        guard state.withLock({ $0.isFull }) else { return }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Void, any Error>? = state.withLock { state in
                    if state.isGone { return .failure(Self.gone) }
                    if Task.isCancelled || state.isCancelled { return .failure(CancellationError()) }
                    guard state.isFull else { return .success(()) }
                    state.writer = continuation
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let writer = state.withLock { state in
                defer { state.writer = nil }
                return state.writer
            }
            writer?.resume(throwing: CancellationError())
        }
    }
}
