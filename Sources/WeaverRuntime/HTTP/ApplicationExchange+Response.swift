internal import HTTPTypes
internal import WeaverCore
internal import WeaverLoop

/// The response, on the loop.
extension ApplicationExchange {
    static let headIsSent = HTTPError(code: .invalidState, message: "a final head has been sent")

    private static let excess = HTTPError(
        code: .lengthExceeded, message: "more body than Content-Length or the status allows")

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

    /// Says to the client that the handler has thrown, as far as that is possible.
    func end(after error: HTTPError?) throws {
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

    /// Answers with an error of the server's own.
    func fail(_ status: HTTPStatus, _ detail: String) {
        isHeadSent = true
        isOver = true
        noteStatus(Int(status.rawValue))
        connection?.respondError(status, detail: detail)
    }

    // MARK: The task's side

    /// Waits until there is room for more behind a write of `bytes`.
    func waitForRoom(after bytes: Int) async throws {
        try await room.wait(after: bytes, on: application.loop)
    }
}
