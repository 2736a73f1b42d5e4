/// The server's side of a WebSocket after its handshake: what comes becomes messages, pings are answered, and either
/// side closes (RFC 6455 sections 5.5 and 7).
///
///     state     means                                          leaves it by
///     open      messages go both ways                          a close frame of either side, a fault, the client's end
///     closing   our close frame is out, theirs is not here     their close frame, a fault, the client's end
///     closed    nothing more is read                           the connection's end, which is ours to make
package struct WebSocketMachine: ~Copyable {
    /// What the hand does.
    package enum Action: Sendable, Equatable {
        /// A message for the application.
        case deliver(WebSocketMessage)
        /// A frame for the client.
        case send(WebSocketOpcode, [UInt8])
        /// Nothing more comes. The connection ends behind a close frame with the content `answer`, if any.
        case end(Ending, answer: [UInt8]?)
    }

    /// Why nothing more comes.
    package enum Ending: Sendable, Equatable {
        /// The client has closed, or answered our close.
        case closed(WebSocketClose)
        /// What it sent is no WebSocket, or too much.
        case fault(WebSocketFault)
        /// It left without a word.
        case lost
    }

    private enum State { case open, closing, closed }

    private var state = State.open
    private var decoder: WebSocketDecoder

    /// A connection that is open, and refuses messages of more than `messageLimit` bytes.
    package init(messageLimit: Int) {
        decoder = WebSocketDecoder(messageLimit: messageLimit)
    }

    /// Frames may be sent.
    package var isOpen: Bool { state == .open }
    /// Nothing more is read.
    package var isClosed: Bool { state == .closed }
    /// Bytes of the message under way.
    package var bufferedBytes: Int { decoder.bufferedBytes }
    /// Frames that have been taken in, those that lead to nothing included: what a client makes us do.
    package var frameCount: Int { decoder.frameCount }

    /// What the bytes from `offset` on lead to; nil when they are used up.
    package mutating func next(_ bytes: RawSpan, at offset: inout Int) -> Action? {
        do throws(WebSocketFault) {
            while state != .closed {
                switch try decoder.next(bytes, at: &offset) {
                case .needMore: return nil
                case .message(let message): return .deliver(message)
                case .ping(let content):
                    // Behind a close frame nothing may be sent (section 5.5.1).
                    if isOpen { return .send(.pong, content) }
                case .pong: break
                case .close(let close): return end(.closed(close), answer: WebSocketClose(code: close.code, reason: ""))
                }
            }
            offset = bytes.byteCount
            return nil
        } catch {
            return end(.fault(error), answer: WebSocketClose(code: error.closeCode, reason: error.rawValue))
        }
    }

    private mutating func end(_ ending: Ending, answer: WebSocketClose) -> Action {
        defer { state = .closed }
        return .end(ending, answer: isOpen ? answer.payload : nil)
    }

    /// The client's bytes are over.
    package mutating func clientEnded() -> Action? {
        guard state != .closed else { return nil }
        state = .closed
        return .end(.lost, answer: nil)
    }

    /// The application closes, or its server ends: the close frame to send, nil when there was one already.
    package mutating func close(_ close: WebSocketClose) -> Action? {
        guard isOpen else { return nil }
        state = .closing
        return .send(.close, close.payload)
    }
}
