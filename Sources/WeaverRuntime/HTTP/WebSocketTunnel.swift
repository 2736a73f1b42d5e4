internal import Synchronization
internal import WeaverCore
internal import WeaverLoop

/// The hand of a ``WebSocketMachine``: frames come and go on the loop, messages are taken out by the handler.
final class WebSocketTunnel: ApplicationTunnel, @unchecked Sendable {
    // @unchecked: the machine and `isAbandoned` belong to the loop's thread.
    let connection: TunnelConnection
    private let inbox = Inbox<WebSocketMessage>()
    private var machine: WebSocketMachine
    /// The handler has returned: nobody takes messages out any more.
    private var isAbandoned = false
    private let closing = Mutex<WebSocketClose?>(nil)

    /// When a read has brought this many frames, others get their turn: a flood of pings, or of parts without content, costs
    /// time and nothing that would hold the client back.
    static let framesPerTurn = 1024

    init(_ connection: TunnelConnection, messageLimit: Int) {
        self.connection = connection
        machine = WebSocketMachine(messageLimit: messageLimit)
    }

    // MARK: What comes, on the loop

    func take(_ bytes: RawSpan) -> Bool {
        let framesBefore = machine.frameCount
        var offset = 0
        var goesOn = true
        while let action = machine.next(bytes, at: &offset) { goesOn = perform(action) && goesOn }
        if machine.isOpen { connection.holdWhileFull() }
        if machine.frameCount - framesBefore >= Self.framesPerTurn { connection.giveWay() }
        return goesOn
    }

    func clientEnded() {
        if let action = machine.clientEnded() { _ = perform(action) }
    }

    func ended(by error: HTTPError) {
        connection.room.fail(error)
        inbox.fail(error)
    }

    func serverDrains() { close(WebSocketClose(code: .goingAway, reason: "the server ends")) }

    var bufferedBytes: Int { inbox.byteCount + machine.bufferedBytes }

    /// Gives whether more may come.
    private func perform(_ action: WebSocketMachine.Action) -> Bool {
        switch action {
        case .deliver(let message): return isAbandoned || inbox.put(message)
        case .send(let opcode, let content): try? sendFrame(opcode, content)
        case .end(let ending, let answer):
            if let answer { try? sendFrame(.close, answer) }
            switch ending {
            case .closed(let close):
                closing.withLock { $0 = close }
                inbox.end()
                connection.room.fail(Self.closed)
            case .fault(let fault):
                ended(by: HTTPError(code: .clientFault, message: fault.rawValue))
            case .lost: ended(by: ApplicationExchange.gone)
            }
            // The server closes the connection first (section 7.1.1).
            connection.letGo()
        }
        return true
    }

    private func sendFrame(_ opcode: WebSocketOpcode, _ content: [UInt8]) throws {
        var head = OutputBuffer()
        head.appendWebSocketHead(opcode, byteCount: content.count)
        try head.withBytes { try connection.send($0) }
        try unsafe connection.send(content.span.bytes)
    }

    private func close(_ close: WebSocketClose) {
        guard let action = machine.close(close) else { return }
        _ = perform(action)
        connection.boundClosing()
    }

    /// The handler has returned, or thrown: what still comes is of no use but for the client's close frame.
    func abandon(_ code: WebSocketCloseCode) {
        isAbandoned = true
        close(WebSocketClose(code: code, reason: ""))
        connection.wasRead()
    }

    /// Who has heard of the end needs not be cancelled; nor is who handles messages of a client that has closed in order.
    var handlerState: HandlerState {
        if inbox.isEndTaken { return .told }
        return clientClose == nil || inbox.isUnused ? .unheard : .busy(takes: inbox.takes)
    }

    // MARK: The tasks' side

    private static let closed = HTTPError(code: .clientGone, message: "the WebSocket is closed")

    /// What the client said when it closed.
    var clientClose: WebSocketClose? { closing.withLock { $0 } }

    /// The next message, nil when either side has closed.
    func next() async throws -> WebSocketMessage? {
        guard case .element(let message, let resumesClient) = try await inbox.next() else { return nil }
        if resumesClient { try await connection.application.onLoop { self.connection.wasRead() } }
        return message
    }

    /// Sends a frame, and waits until there is room for more.
    func send(_ opcode: WebSocketOpcode, _ content: [UInt8]) async throws {
        try await connection.application.onLoop {
            guard self.machine.isOpen else { throw Self.closed }
            try self.sendFrame(opcode, content)
        }
        try await connection.waitForRoom(after: content.count)
    }

    /// Begins the end, from our side.
    func close(code: WebSocketCloseCode, reason: String) async throws {
        guard code.isSendable else {
            throw HTTPError(code: .invalidState, message: "\(code.rawValue) is no code that a WebSocket closes with")
        }
        try await connection.application.onLoop { self.close(WebSocketClose(code: code, reason: reason)) }
    }
}

extension WebSocketMessage: ReceivedElement {
    var byteCount: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .binary(let bytes): bytes.count
        }
    }
}
