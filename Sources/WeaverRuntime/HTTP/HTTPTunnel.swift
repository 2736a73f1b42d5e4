/// A connection after 101 (Switching Protocols): bytes both ways, as they are.
///
/// It is the sequence of the bytes that the client sends, once, which ends when the client has closed its side; it
/// throws ``HTTPError`` when the connection breaks (`clientGone`). The client is held back while nobody takes them, and
/// writing waits when it is slower. Bytes are taken by one task at a time; writing is for any number of tasks, from any
/// thread.
public struct HTTPTunnel: AsyncSequence, Sendable {
    /// Some bytes, never none.
    public typealias Element = [UInt8]

    let tunnel: RawTunnel

    /// Writes bytes. Returns when the client has room for more: less than 256 KiB wait to be sent.
    ///
    /// - Throws: ``HTTPError``: our side has ended (`invalidState`), or the client is gone (`clientGone`).
    public func write(_ bytes: [UInt8]) async throws {
        try await tunnel.write(bytes)
    }

    /// Writes the UTF-8 of `text`. Throws ``HTTPError``, see the other one.
    public func write(_ text: String) async throws {
        try await write(Array(text.utf8))
    }

    /// Ends our side behind what was written; the client's may go on. The end of the handler does it, too.
    ///
    /// - Throws: ``HTTPError`` when the client is gone (`clientGone`).
    public func finish() async throws {
        try await tunnel.endWriting()
    }

    /// Takes the bytes; a second iterator goes on where the first one stopped.
    public func makeAsyncIterator() -> Iterator { Iterator(tunnel: tunnel) }

    /// Takes the bytes.
    public struct Iterator: AsyncIteratorProtocol {
        let tunnel: RawTunnel

        /// The next bytes, nil when the client has closed its side. Throws ``HTTPError`` when the connection breaks, and
        /// `CancellationError` when this task is cancelled.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws -> [UInt8]? {
            try await tunnel.next()
        }

        /// The next bytes, nil when the client has closed its side. Throws ``HTTPError`` when the connection breaks, and
        /// `CancellationError` when this task is cancelled.
        public mutating func next() async throws -> [UInt8]? {
            try await tunnel.next()
        }
    }
}
