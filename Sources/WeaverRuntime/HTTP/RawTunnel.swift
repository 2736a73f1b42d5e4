internal import WeaverLoop

/// A tunnel of bytes as they are.
final class RawTunnel: ApplicationTunnel, @unchecked Sendable {
    // @unchecked: `isEnded` belongs to the loop's thread.
    let connection: TunnelConnection
    private let inbox = Inbox<[UInt8]>()
    private var isEnded = false

    init(_ connection: TunnelConnection) { self.connection = connection }

    func take(_ bytes: RawSpan) -> Bool { inbox.put(bytes) }
    func clientEnded() { inbox.end() }
    var bufferedBytes: Int { inbox.byteCount }

    /// Its handler hears of it by ``HTTPResponseWriter/cancelOnDrain(_:)``: bytes as they are have no word for it.
    func serverDrains() {}

    /// Who has heard of an end may be about to do what there is to do at the end. Or it goes on with the other direction,
    /// which it would do for ever were it left alone.
    var handlerState: HandlerState { inbox.isEndTaken ? .busy(takes: inbox.takes) : .unheard }

    func ended(by error: HTTPError) {
        connection.room.fail(error)
        inbox.fail(error)
    }

    // MARK: The tasks' side

    /// The next bytes, nil behind the client's last one.
    func next() async throws -> [UInt8]? {
        guard case .element(let slice, let resumesClient) = try await inbox.next() else { return nil }
        if resumesClient { try await connection.application.onLoop { self.connection.wasRead() } }
        return slice
    }

    /// Writes `bytes`, and waits until there is room for more.
    func write(_ bytes: [UInt8]) async throws {
        try await connection.application.onLoop {
            if self.isEnded {
                throw HTTPError(
                    code: .invalidState, message: "bytes behind the end of our side of a tunnel")
            }
            try unsafe self.connection.send(bytes.span.bytes)
        }
        try await connection.waitForRoom(after: bytes.count)
    }

    /// Ends our side behind what was written.
    func endWriting() async throws {
        try await connection.application.onLoop {
            try self.connection.endWriting()
            self.isEnded = true
        }
    }
}
