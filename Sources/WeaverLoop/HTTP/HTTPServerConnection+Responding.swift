package import WeaverCore

extension HTTPServerConnection {
    /// The way a response with `status` and a body of `body` goes to this client.
    package func planResponse(_ status: HTTPStatus, body: BodyFraming) -> ResponsePlan {
        guard let traits else { preconditionFailure("a response without a request") }
        let mustClose = server.isDraining || isLastRequest || !isRequestComplete
        return ResponsePlan(to: traits, status: status, body: body, mustClose: mustClose)
    }

    /// The client sends nothing more, and nothing of it is left.
    private var isLastRequest: Bool { isHalfClosed && pending.value.isEmpty }

    /// Writes an interim response (1xx); after 100 (Continue) the client's body is waited for again.
    package func sendInterim(_ status: HTTPStatus, _ write: (inout OutputBuffer) -> Void) {
        guard phase == .body || phase == .answering, plan == nil else { return }
        stream.write(write)
        if status == .continue { awaitsContinue = false }
        restartDeadline()
    }

    /// Writes the head of the response; `write` writes it all, by `plan`.
    package func sendHead(_ plan: ResponsePlan, _ write: (inout OutputBuffer) -> Void) {
        guard phase == .body || phase == .answering else { return }
        precondition(self.plan == nil, "a second head for one request")
        self.plan = plan
        if case .length(let length) = plan.framing { responseLeft = length } else { responseLeft = 0 }
        stream.write(write)
        if isHalfClosed { restartDeadline() }
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
            stream.writeAtOnce(bytes)
        case .untilClose:
            stream.writeAtOnce(bytes)
        case .chunked:
            stream.write { $0.appendChunk(bytes) }
        }
        if isHalfClosed { restartDeadline() }
    }

    /// Where the next `count` bytes of the body may go past this connection, which is told by ``bodyPassed(_:)``; nil when
    /// they are not to be sent as they are, or are not what the head announced.
    func bodyDestination(_ count: UInt64) -> ByteStream? {
        guard case .length = plan?.framing, phase == .body || phase == .answering, count <= responseLeft else {
            return nil
        }
        return stream
    }

    /// So many bytes of the body have gone past this connection.
    func bodyPassed(_ count: Int) {
        precondition(UInt64(count) <= responseLeft, "more body than the head announced")
        responseLeft -= UInt64(count)
        if isHalfClosed { restartDeadline() }
    }

    /// May `count` more bytes of the response's body be written? Not more than its head announced, and none where a
    /// response has no body; to HEAD it would have one, which goes nowhere.
    package func mayWrite(_ count: Int) -> Bool {
        switch plan?.framing {
        case .length: UInt64(count) <= responseLeft
        case .some(.none): count == 0 || traits?.method == .head
        default: true
        }
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
        let isReusable = plan.keepAlive && isRequestComplete && !server.closesIdle
        endExchange()
        guard isReusable else { return linger() }
        phase = .head
        parser.value.reset()
        restartDeadline()
        processPending()
        if phase == .head { restartDeadline() }
    }

    /// Answers the current request with an error of the server's own. The connection goes on when the request is
    /// complete, and closes otherwise.
    package func respondError(
        _ status: HTTPStatus, detail: String, retryAfterSeconds: Int? = nil, requestID: RequestID? = nil
    ) {
        guard let traits, plan == nil else { return abort() }
        var plan = planResponse(status, body: .none)
        // The error's text has a length of its own, and no field for clients that have to be told to keep the connection.
        if plan.isOldClient { plan = plan.closing() }
        self.plan = plan
        writeError(
            status, detail: detail, keepAlive: plan.keepAlive, withoutBody: traits.method == .head,
            retryAfterSeconds: retryAfterSeconds, requestID: requestID)
        finishResponse()
    }

    func writeError(
        _ status: HTTPStatus, detail: String, keepAlive: Bool, withoutBody: Bool = false, retryAfterSeconds: Int? = nil,
        requestID: RequestID? = nil
    ) {
        let date = server.date()
        stream.write { output in
            ErrorResponse.write(
                status, detail: detail, keepAlive: keepAlive, withoutBody: withoutBody,
                retryAfterSeconds: retryAfterSeconds, requestID: requestID, date: date, to: &output)
        }
    }

    func refuse(_ fault: HTTPFault) {
        server.tally.value.refused += 1
        refuse(fault.status, detail: fault.rawValue)
    }

    /// Answers a message that is not a request, or will never be a whole one, and ends the connection.
    func refuse(_ status: HTTPStatus, detail: String) {
        guard plan == nil else { return abort() }
        writeError(status, detail: detail, keepAlive: false, withoutBody: traits?.method == .head)
        if phase != .head { endExchange() }
        linger()
        handler?.requestRefused(status)
        // The handler has to let go of a request that will never be complete.
        exchange(&handler, with: nil)?.clientDidClose()
    }

    func endExchange() {
        server.tally.value.requestsInFlight -= 1
        currentTraits = nil
        plan = nil
        handlerDeadline = nil
        isBodyPaused = false
    }
}
