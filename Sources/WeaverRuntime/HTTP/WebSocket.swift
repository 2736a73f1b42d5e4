/// A WebSocket (RFC 6455) that a client has opened: the messages it sends, once, and what is sent to it.
///
/// Pings are answered by the runtime. A client that sends faster than messages are taken is held back, and sending waits
/// when it is slower. The sequence ends when either side has closed; it throws ``HTTPError`` when the client went away
/// without closing (`clientGone`), or sent what is no WebSocket or too large (`clientFault`). Messages are taken by one
/// task at a time; sending is for any number of tasks, from any thread.
public struct WebSocket: AsyncSequence, Sendable {
    /// What a client sends.
    public typealias Element = WebSocketMessage

    /// Bytes of a message that are taken in, unless a handler says otherwise: 1 MiB. A larger one ends the connection with
    /// ``WebSocketCloseCode/messageTooBig``.
    public static let defaultMessageLimit = 1 << 20

    let tunnel: WebSocketTunnel
    /// What both speak, of those that the handler has named; nil for none.
    public let subprotocol: String?

    /// What the client said when it closed, or answered our close; nil before.
    public var clientClose: WebSocketClose? { tunnel.clientClose }

    /// Sends a message of text. Returns when the client has room for more.
    ///
    /// - Throws: ``HTTPError`` when the WebSocket is closed, or the client gone (`clientGone`).
    public func send(_ text: String) async throws {
        try await tunnel.send(.text, Array(text.utf8))
    }

    /// Sends a message of bytes. Returns when the client has room for more. Throws ``HTTPError``, see the other one.
    public func send(_ bytes: [UInt8]) async throws {
        try await tunnel.send(.binary, bytes)
    }

    /// Sends a message. Returns when the client has room for more. Throws ``HTTPError``, see the other ones.
    public func send(_ message: WebSocketMessage) async throws {
        switch message {
        case .text(let text): try await send(text)
        case .binary(let bytes): try await send(bytes)
        }
    }

    /// Sends a ping, whose answer is not told: it keeps the connection in use, and finds out when nobody is there.
    ///
    /// - Throws: ``HTTPError`` when the WebSocket is closed, or the client gone (`clientGone`).
    public func ping() async throws {
        try await tunnel.send(.ping, [])
    }

    /// Closes. What the client has sent before it answers can still be taken, and its connection's end does not cancel the
    /// handler while it does so: not before 10 s have passed in which it asks for no other message. Nothing more can be
    /// sent. A client that does not answer within 5 s is cut, which cancels a handler that has not heard of it. The end of
    /// the handler closes, too.
    ///
    /// - Parameters:
    ///   - code: why.
    ///   - reason: for people, cut at 123 bytes.
    /// - Throws: ``HTTPError`` for a code that the protocol keeps to itself (`invalidState`).
    public func close(_ code: WebSocketCloseCode = .normal, reason: String = "") async throws {
        try await tunnel.close(code: code, reason: reason)
    }

    /// Takes the messages; a second iterator goes on where the first one stopped.
    public func makeAsyncIterator() -> Iterator { Iterator(tunnel: tunnel) }

    /// Takes the messages.
    public struct Iterator: AsyncIteratorProtocol {
        let tunnel: WebSocketTunnel

        /// The next message, nil when either side has closed. Throws ``HTTPError``, and `CancellationError` when this
        /// task is cancelled.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws -> WebSocketMessage? {
            try await tunnel.next()
        }

        /// The next message, nil when either side has closed. Throws ``HTTPError``, and `CancellationError` when this
        /// task is cancelled.
        public mutating func next() async throws -> WebSocketMessage? {
            try await tunnel.next()
        }
    }
}
