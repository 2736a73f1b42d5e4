internal import WeaverCore
internal import WeaverLoop

/// What every tunnel does with its client's connection after 101: it writes, ends, and holds the client back.
final class TunnelConnection: @unchecked Sendable {
    // @unchecked: `connection` and the pauses belong to the loop's thread.

    let application: Application
    let room = WriterRoom()
    /// Nil once the handler has let go of it, or it is gone.
    private var connection: HTTPServerConnection?
    /// Why the client is held back: nobody takes what it sends, or it does not take what that would be answered with.
    private var isUnread = false
    private var isUnheard = false
    /// It is others' turn.
    private(set) var isGivingWay = false

    init(_ connection: HTTPServerConnection, application: Application) {
        self.connection = connection
        self.application = application
    }

    // MARK: What comes, on the loop

    /// Nobody takes what the client sends: it is held back.
    func hold() {
        isUnread = true
        connection?.pauseBody()
    }

    /// The handler has taken enough of what came.
    func wasRead() {
        isUnread = false
        resume()
    }

    /// Takes nothing more in until the client has taken what it got.
    func holdWhileFull() {
        guard let connection, !connection.isWritable else { return }
        isUnheard = true
        connection.pauseBody()
    }

    /// The client has taken enough of what was written.
    func roomForMore() {
        room.drained()
        isUnheard = false
        resume()
    }

    /// Takes nothing more in before others had their turn.
    func giveWay() {
        guard let connection, !isGivingWay else { return }
        isGivingWay = true
        connection.pauseBody()
        application.loop.executeAfterInput { [self] in
            isGivingWay = false
            resume()
        }
    }

    private func resume() {
        if !isUnread, !isUnheard, !isGivingWay { connection?.resumeBody() }
    }

    /// The connection is gone.
    func forget() { connection = nil }

    // MARK: What goes, on the loop

    /// Writes `bytes`.
    func send(_ bytes: RawSpan) throws {
        guard let connection else { throw ApplicationExchange.gone }
        connection.sendThroughTunnel(bytes)
        if !connection.isWritable { room.filled() }
    }

    /// Our side ends behind what was written; the client's may go on.
    func endWriting() throws {
        guard let connection else { throw ApplicationExchange.gone }
        connection.endTunnel()
    }

    /// The client has so long to answer our closing.
    func boundClosing() {
        guard let connection else { return }
        connection.boundTunnel(connection.server.configuration.webSocketCloseTimeout)
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
