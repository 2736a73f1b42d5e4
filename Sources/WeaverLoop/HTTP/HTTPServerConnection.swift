package import WeaverCore

/// One client's connection: requests are read, checked and handed to the handler in order; responses are framed and
/// written in the same order. Back-pressure goes both ways, and every wait has a bound.
///
///     phase      means                                                     leaves it by
///     head       between requests, or in the middle of a head              a complete head
///     body       the request's body is arriving                            its end
///     answering  the request is complete, its response is not              finishResponse
///     lingering  the last response is out; what the client sends is void   its end, or a bound
///     closed     gone
package final class HTTPServerConnection {
    private enum Phase { case head, body, answering, lingering, closed }

    package let stream: ByteStream
    package let server: HTTPServer
    /// What the response to the current request depends on.
    package private(set) var traits: RequestTraits?
    /// The handler hears when this time has passed; nil for no bound. Cleared with each request.
    package var handlerDeadline: MonotonicTime?

    private var handler: (any HTTPConnectionHandler)?
    private var parser: RequestHeadParser
    private var decoder: BodyDecoder
    private var phase = Phase.head
    /// Bytes that arrived and are not consumed: a partial head, a body that is held back, requests in a pipeline.
    private var pending = OutputBuffer()
    private var isProcessing = false
    private var isBodyPaused = false
    private var isHalfClosed = false
    private var bodyBytes: UInt64 = 0
    private var plan: ResponsePlan?
    private var responseLeft: UInt64 = 0
    private var deadline: MonotonicTime
    private var queuedAtSweep = 0
    private var stalledSince: MonotonicTime?

    /// Bytes of `pending`'s memory that an idle connection keeps.
    private static let keptPendingCapacity = 4096

    init(stream: ByteStream, server: HTTPServer) {
        self.stream = stream
        self.server = server
        parser = RequestHeadParser(limits: server.configuration.limits)
        decoder = BodyDecoder(.none, limits: server.configuration.limits)
        deadline = server.loop.now + server.configuration.headerTimeout
    }

    func start(handler: any HTTPConnectionHandler, isRefused: Bool) {
        self.handler = handler
        stream.delegate = self
        stream.startReading()
        if isRefused {
            writeError(
                .serviceUnavailable, detail: "too many connections", keepAlive: false, retryAfterSeconds: 1)
            linger()
        }
    }

    // MARK: Requests

    /// Takes in `bytes`, which begin where the last call left off, and tells how many were consumed.
    private func process(_ bytes: RawSpan) -> Int {
        var offset = 0
        do throws(HTTPFault) {
            while true {
                switch phase {
                case .head:
                    guard offset < bytes.byteCount else { return offset }
                    let rest = bytes.extracting(offset..<bytes.byteCount)
                    guard let head = try parser.parse(rest) else { return offset }
                    offset += head.byteCount
                    begin(head, in: rest)
                case .body:
                    if isBodyPaused { return offset }
                    switch try decoder.next(bytes, at: &offset) {
                    case .needMore: return offset
                    case .data(let range): try receive(bytes.extracting(range))
                    case .end: endRequest()
                    }
                case .answering: return offset
                case .lingering, .closed: return bytes.byteCount
                }
            }
        } catch {
            refuse(error)
            return bytes.byteCount
        }
    }

    private func begin(_ head: borrowing RequestHead, in bytes: RawSpan) {
        server.counters.requests += 1
        server.counters.requestsInFlight += 1
        traits = RequestTraits(head)
        plan = nil
        bodyBytes = 0
        isBodyPaused = false
        decoder = BodyDecoder(head.framing, limits: server.configuration.limits)
        phase = .body
        deadline = server.loop.now + server.configuration.idleTimeout
        if case .length(let length) = head.framing, exceedsLimit(length) { return refuse(.bodyTooLarge) }
        handler?.requestDidBegin(head, in: bytes)
    }

    private func exceedsLimit(_ count: UInt64) -> Bool {
        let limit = server.configuration.limits.bodyBytes
        return limit > 0 && count > limit
    }

    private func receive(_ body: RawSpan) throws(HTTPFault) {
        bodyBytes += UInt64(body.byteCount)
        if exceedsLimit(bodyBytes) { throw .bodyTooLarge }
        handler?.requestDidReceive(body)
    }

    private func endRequest() {
        phase = .answering
        handler?.requestDidEnd(trailers: decoder.trailers)
    }

    /// Consumes what was held back, as far as that is possible now, and reads on or not accordingly.
    private func processPending() {
        guard !isProcessing else { return }
        isProcessing = true
        if !pending.isEmpty || phase == .body {
            var held = OutputBuffer()
            swap(&held, &pending)
            let consumed = held.withBytes { process($0) }
            held.dropFirst(consumed)
            if !held.isEmpty || held.allocatedCapacity <= Self.keptPendingCapacity { swap(&held, &pending) }
        }
        isProcessing = false
        if phase == .head, isHalfClosed { return linger() }
        adjustReading()
    }

    /// Reads when bytes could be used: a head or body is being received, or, with nothing held, to notice the end.
    private func adjustReading() {
        guard phase != .closed, !isHalfClosed else { return }
        switch phase {
        case .body where isBodyPaused: stream.pauseReading()
        case .answering where !pending.isEmpty: stream.pauseReading()
        default: stream.startReading()
        }
    }

    /// Holds the rest of the request's body back. At most one read's worth arrives still, and is kept.
    package func pauseBody() {
        isBodyPaused = true
        adjustReading()
    }

    /// Lets the request's body flow again.
    package func resumeBody() {
        guard isBodyPaused else { return }
        isBodyPaused = false
        deadline = server.loop.now + server.configuration.idleTimeout
        processPending()
    }

    /// The request is complete, or has no body that could be missing.
    package var isRequestComplete: Bool { phase == .answering || (phase == .body && decoder.isAtEnd) }

    // MARK: Responses

    /// The way a response with `status` and a body of `body` goes to this client.
    package func planResponse(_ status: HTTPStatus, body: BodyFraming) -> ResponsePlan {
        guard let traits else { preconditionFailure("a response without a request") }
        let mustClose = server.isDraining || isLastRequest || !isRequestComplete
        return ResponsePlan(to: traits, status: status, body: body, mustClose: mustClose)
    }

    /// A head of a final response has been sent.
    package var hasSentHead: Bool { plan != nil }

    /// Writes an interim response (1xx).
    package func sendInterim(_ write: (inout OutputBuffer) -> Void) {
        guard phase == .body || phase == .answering, plan == nil else { return }
        stream.write(write)
    }

    /// Writes the head of the response; `write` writes it all, by `plan`.
    package func sendHead(_ plan: ResponsePlan, _ write: (inout OutputBuffer) -> Void) {
        guard phase == .body || phase == .answering else { return }
        precondition(self.plan == nil, "a second head for one request")
        self.plan = plan
        if case .length(let length) = plan.framing { responseLeft = length } else { responseLeft = 0 }
        stream.write(write)
    }

    /// Writes a part of the response's body with the planned framing. Of a response without a body it goes nowhere.
    ///
    /// More than the length that was announced traps: the caller checks.
    package func sendBody(_ bytes: RawSpan) {
        guard let plan, phase == .body || phase == .answering, bytes.byteCount > 0 else { return }
        switch plan.framing {
        case .none: break
        case .length:
            precondition(UInt64(bytes.byteCount) <= responseLeft, "more body than the head announced")
            responseLeft -= UInt64(bytes.byteCount)
            stream.write { $0.append(bytes) }
        case .untilClose:
            stream.write { $0.append(bytes) }
        case .chunked:
            stream.write { output in
                output.appendChunkHeader(bytes.byteCount)
                output.append(bytes)
                output.append(ascii: "\r\n")
            }
        }
    }

    /// May `count` more bytes of the response's body be written? Not more than its head announced.
    package func mayWrite(_ count: Int) -> Bool {
        if case .length = plan?.framing { return UInt64(count) <= responseLeft }
        return true
    }

    /// The client takes more; when false, `clientDidDrain` comes.
    package var isWritable: Bool { stream.isWritable }

    /// The response is complete: the next request's turn, or the end of the connection.
    ///
    /// A body shorter than announced cuts the connection, so that the client can tell.
    package func finishResponse(trailers: TrailerSection? = nil) {
        guard let plan, phase == .body || phase == .answering else { return }
        if case .length = plan.framing, responseLeft > 0 { return abort() }
        if plan.framing == .chunked { stream.write { $0.appendLastChunk(trailers) } }
        let isReusable = plan.keepAlive && isRequestComplete && !server.isDraining
        server.counters.requestsInFlight -= 1
        endExchange()
        guard isReusable else { return linger() }
        phase = .head
        parser.reset()
        deadline = server.loop.now + server.configuration.idleTimeout
        processPending()
        guard phase == .head else { return }
        // The first byte of the next head sets the shorter bound.
        if !pending.isEmpty { deadline = server.loop.now + server.configuration.headerTimeout }
    }

    /// The client sends nothing more, and nothing of it is left.
    private var isLastRequest: Bool { isHalfClosed && pending.isEmpty }

    /// Answers the current request with an error of the server's own. The connection goes on when the request is
    /// complete, and closes otherwise.
    package func respondError(_ status: HTTPStatus, detail: String, retryAfterSeconds: Int? = nil) {
        guard let traits, plan == nil else { return abort() }
        let plan = planResponse(status, body: .none)
        self.plan = plan
        writeError(
            status, detail: detail, keepAlive: plan.keepAlive && !plan.isOldClient,
            withoutBody: traits.method == .head, retryAfterSeconds: retryAfterSeconds)
        finishResponse()
    }

    private func writeError(
        _ status: HTTPStatus, detail: String, keepAlive: Bool, withoutBody: Bool = false, retryAfterSeconds: Int? = nil
    ) {
        let date = server.date()
        stream.write { output in
            ErrorResponse.write(
                status, detail: detail, keepAlive: keepAlive, withoutBody: withoutBody,
                retryAfterSeconds: retryAfterSeconds, date: date, to: &output)
        }
    }

    /// Cuts the connection, so that the client sees that the response is not complete. What was written before goes out
    /// as far as the socket takes it.
    package func abort() {
        if phase != .closed { server.counters.aborted += 1 }
        stream.flushNow()
        close()
    }

    private func refuse(_ fault: HTTPFault) {
        server.counters.refused += 1
        refuse(fault.status, detail: fault.rawValue)
    }

    /// Answers a message that is not a request, or will never be a whole one, and ends the connection.
    private func refuse(_ status: HTTPStatus, detail: String) {
        guard plan == nil else { return abort() }
        writeError(status, detail: detail, keepAlive: false, withoutBody: traits?.method == .head)
        if phase != .head {
            server.counters.requestsInFlight -= 1
            endExchange()
        }
        linger()
        // The handler has to let go of a request that will never be complete.
        exchange(&handler, with: nil)?.clientDidClose()
    }

    private func endExchange() {
        traits = nil
        plan = nil
        handlerDeadline = nil
        isBodyPaused = false
    }

    // MARK: Ending

    /// Closes the writing side, takes what still comes for a while, then closes.
    private func linger() {
        guard phase != .closed else { return }
        phase = .lingering
        deadline = server.loop.now + server.configuration.lingerTimeout
        if isHalfClosed { return stream.closeAfterFlush() }
        stream.shutdown()
        stream.startReading()
    }

    /// The server drains: an idle connection closes, another one after its response.
    func drain() {
        guard phase == .head, pending.isEmpty else { return }
        phase = .lingering
        deadline = server.loop.now + server.configuration.lingerTimeout
        stream.closeAfterFlush()
    }

    /// Closes at once, whatever is under way.
    func close() {
        stream.close()
    }

    func sweep(_ now: MonotonicTime) {
        checkWriting(now)
        if let bound = handlerDeadline, bound <= now, phase == .body || phase == .answering {
            handlerDeadline = nil
            handler?.deadlineDidPass()
        }
        guard deadline <= now else { return }
        switch phase {
        case .head where pending.isEmpty: close()
        case .head: refuse(.requestTimeout, detail: "the request did not arrive in time")
        case .body where !isBodyPaused: refuse(.requestTimeout, detail: "the request's body did not arrive in time")
        case .lingering: close()
        case .body, .answering, .closed: break
        }
    }

    /// A client that takes nothing of what is queued for the idle time is cut.
    private func checkWriting(_ now: MonotonicTime) {
        let queued = stream.queuedBytes
        defer { queuedAtSweep = queued }
        guard queued > 0, queued == queuedAtSweep else {
            stalledSince = nil
            return
        }
        let since = stalledSince ?? now
        stalledSince = since
        if since + server.configuration.idleTimeout <= now { abort() }
    }
}

extension HTTPServerConnection: ByteStreamDelegate {
    package func stream(_ stream: ByteStream, didRead bytes: RawSpan) {
        if phase == .lingering { return }
        if phase == .body { deadline = server.loop.now + server.configuration.idleTimeout }
        let wasIdle = phase == .head && pending.isEmpty
        if pending.isEmpty {
            isProcessing = true
            let consumed = process(bytes)
            isProcessing = false
            if consumed < bytes.byteCount { pending.append(bytes.extracting(consumed..<bytes.byteCount)) }
            adjustReading()
        } else {
            pending.append(bytes)
            processPending()
        }
        if wasIdle, phase == .head, !pending.isEmpty {
            deadline = server.loop.now + server.configuration.headerTimeout
        }
    }

    package func streamDidReachEnd(_ stream: ByteStream) {
        isHalfClosed = true
        switch phase {
        case .head: linger()
        case .body: abort()
        case .answering: handler?.clientDidHalfClose()
        case .lingering: stream.closeAfterFlush()
        case .closed: break
        }
    }

    package func streamDidDrain(_ stream: ByteStream) {
        if phase == .body || phase == .answering { handler?.clientDidDrain() }
    }

    package func streamDidClose(_ stream: ByteStream, error: UVError?) {
        guard phase != .closed else { return }
        if phase == .body || phase == .answering { server.counters.requestsInFlight -= 1 }
        phase = .closed
        let handler = exchange(&handler, with: nil)
        handler?.clientDidClose()
        server.didClose(self)
    }
}
