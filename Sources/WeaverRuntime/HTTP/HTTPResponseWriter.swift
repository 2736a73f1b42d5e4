public import HTTPTypes

/// Writes the response to one request: a head, then its body in parts of any size, then the end.
///
/// Content-Length is written where it is known, otherwise the body is chunked; Date and Connection are written as
/// needed. Writing waits when the client is slower. May be used from any thread and by several tasks, whose parts go out
/// whole, in the order in which they were written.
public struct HTTPResponseWriter: Sendable {
    let exchange: ApplicationExchange

    /// Sends a whole response.
    ///
    /// - Throws: ``HTTPError``: a head was sent before (`invalidState`), the status allows no body (`lengthExceeded`), or
    ///   the client is gone (`clientGone`).
    public func respond(
        status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], body: [UInt8] = []
    ) async throws {
        try await exchange.onLoop { exchange in
            try exchange.sendHead(HTTPResponse(status: status, headerFields: headers), length: UInt64(body.count))
            try exchange.sendBody(body)
            exchange.finish()
        }
    }

    /// Sends a whole response with the UTF-8 of `body`. Throws ``HTTPError``, see the other one.
    public func respond(
        status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], body: String
    ) async throws {
        try await respond(status: status, headers: headers, body: Array(body.utf8))
    }

    /// Sends the head of a response; parts of a body may follow. A Content-Length among the headers is kept to: a body
    /// that turns out shorter cuts the connection, so that the client can tell.
    ///
    /// - Throws: ``HTTPError``: a head was sent before (`invalidState`), or the client is gone (`clientGone`).
    public func writeHead(_ response: HTTPResponse) async throws {
        try await exchange.onLoop { try $0.sendHead(response, length: nil) }
    }

    /// Sends a part of the body. Returns when the client has room for more: less than 256 KiB wait to be sent.
    ///
    /// - Throws: ``HTTPError``: no head was sent or the response is finished (`invalidState`), the body becomes longer than
    ///   its Content-Length (`lengthExceeded`), or the client is gone (`clientGone`).
    public func write(_ bytes: [UInt8]) async throws {
        try await exchange.onLoop { try $0.sendBody(bytes) }
        try await exchange.waitForRoom(after: bytes.count)
    }

    /// Sends a part of the body, as UTF-8. Returns when the client has room for more. Throws ``HTTPError``, see the
    /// other one.
    public func write(_ text: String) async throws {
        try await write(Array(text.utf8))
    }

    /// Ends the body. The end of the handler does it too.
    ///
    /// - Throws: ``HTTPError`` when the client is gone (`clientGone`).
    public func finish() async throws {
        try await exchange.onLoop { $0.finish() }
    }
}
