internal import WeaverCore
internal import WeaverLoop

/// A connection after 101, between the loop, where bytes come and go, and the handler's tasks, which may run anywhere.
///
/// What comes is a subclass's matter: ``RawTunnel``, ``WebSocketTunnel``.
class ApplicationTunnel: @unchecked Sendable {
    // @unchecked: `connection` and the pauses belong to the loop's thread.

    let application: Application
    let room = WriterRoom()
    /// Nil once the handler has let go of it, or it is gone.
    private(set) var connection: HTTPServerConnection?
    /// Why the client is held back: nobody takes what it sends, or it does not take what that would be answered with.
    private var isUnread = false
    private var isUnheard = false

    init(connection: HTTPServerConnection, application: Application) {
        self.connection = connection
        self.application = application
    }

    // MARK: What comes, on the loop

    /// Takes bytes in; false when no more should come for now.
    func take(_ bytes: RawSpan) -> Bool { fatalError("a tunnel that takes nothing in") }

    /// The client has closed its side.
    func clientEnded() {}

    /// The connection is gone, and nobody waits for anything any more.
    func ended(by error: HTTPError) { room.fail(error) }

    /// The server drains: the connection is cut after a while.
    func serverDrains() {}

    /// Bytes that wait for the handler.
    var bufferedBytes: Int { 0 }

    /// What the handler does about the end, once the connection is gone. From any thread.
    var handlerState: HandlerState { .unheard }

    /// Bytes have come.
    func received(_ bytes: RawSpan) {
        guard !take(bytes) else { return }
        isUnread = true
        connection?.pauseBody()
    }

    /// The client has taken enough of what was written.
    func roomForMore() {
        room.drained()
        isUnheard = false
        resume()
    }

    /// The handler has taken enough of what came.
    func wasRead() {
        isUnread = false
        resume()
    }

    private func resume() {
        if !isUnread, !isUnheard { connection?.resumeBody() }
    }

    /// The connection is gone.
    func clientGone() {
        connection = nil
        ended(by: ApplicationExchange.gone)
    }

    // MARK: What goes, on the loop

    /// Writes `bytes`.
    func send(_ bytes: RawSpan) throws {
        guard let connection else { throw ApplicationExchange.gone }
        connection.sendThroughTunnel(bytes)
        if !connection.isWritable { room.filled() }
    }

    /// Takes nothing more in until the client has taken what it got.
    func holdWhileFull() {
        guard let connection, !connection.isWritable else { return }
        isUnheard = true
        connection.pauseBody()
    }

    /// Our side ends behind what was written; the connection when the client has ended its own, or does not do so soon.
    func letGo() {
        guard let connection else { return }
        self.connection = nil
        connection.finishTunnel()
    }

    /// Cuts the connection, so that the client sees that something is missing.
    func cut() {
        guard let connection else { return }
        self.connection = nil
        connection.abort()
    }

    // MARK: The tasks' side

    /// Waits until there is room for more behind a write of `bytes`.
    func waitForRoom(after bytes: Int) async throws {
        try await room.wait(after: bytes, on: application.loop)
    }
}

/// How far the handler of a tunnel is whose connection is gone.
enum HandlerState: Equatable {
    /// It may wait for what will never happen: it is cancelled.
    case unheard
    /// It has something to do that its client has left behind, and has asked for more so many times. It is cancelled when
    /// ``HTTPServerConfiguration/tunnelLeaveTimeout`` passes without another time.
    case busy(takes: Int)
    /// It has heard that nothing more will pass, and ends by itself.
    case told
}

/// A tunnel of bytes as they are.
final class RawTunnel: ApplicationTunnel, @unchecked Sendable {
    // @unchecked: `isEnded` belongs to the loop's thread.
    private let inbox = Inbox<[UInt8]>()
    private var isEnded = false

    override func take(_ bytes: RawSpan) -> Bool { inbox.put(bytes) }
    override func clientEnded() { inbox.end() }
    override var bufferedBytes: Int { inbox.byteCount }

    /// Who has heard of an end may be about to do what there is to do at the end. Or it goes on with the other direction,
    /// which it would do for ever were it left alone.
    override var handlerState: HandlerState { inbox.isEndTaken ? .busy(takes: inbox.takes) : .unheard }

    override func ended(by error: HTTPError) {
        super.ended(by: error)
        inbox.fail(error)
    }

    /// The next bytes, nil behind the client's last one.
    func next() async throws -> [UInt8]? {
        guard case .element(let slice, let resumesClient) = try await inbox.next() else { return nil }
        if resumesClient { try await application.onLoop { self.wasRead() } }
        return slice
    }

    /// Writes `bytes`, and waits until there is room for more.
    func write(_ bytes: [UInt8]) async throws {
        try await application.onLoop {
            if self.isEnded {
                throw HTTPError(code: .invalidState, message: "bytes behind the end of our side of a tunnel")
            }
            try unsafe self.send(bytes.span.bytes)
        }
        try await waitForRoom(after: bytes.count)
    }

    /// Ends our side behind what was written.
    func endWriting() async throws {
        try await application.onLoop {
            guard let connection = self.connection else { throw ApplicationExchange.gone }
            self.isEnded = true
            connection.endTunnel()
        }
    }
}
