/// The body of a request: slices of bytes as they arrive, once.
///
/// One task at a time reads: a second one that asks while another one waits traps. The client is held back while nobody
/// reads. A client that waits for 100 (Continue) gets it when the first slice is asked for. What is left unread when the
/// handler returns is discarded.
public struct HTTPBody: AsyncSequence, Sendable {
    /// Some bytes, never none.
    public typealias Element = [UInt8]

    let exchange: ApplicationExchange

    /// All of the body.
    ///
    /// - Parameter limit: in bytes; a longer body throws `HTTPError.Code.bodyTooLarge`, which is answered with 413
    ///   unless the handler catches it. A length that is announced is checked before anything is read.
    public func collect(upTo limit: Int) async throws -> [UInt8] {
        let tooLarge = HTTPError(code: .bodyTooLarge, message: "the body has more than \(limit) bytes")
        if let length = exchange.announcedLength, length > UInt64(limit) { throw tooLarge }
        var bytes: [UInt8] = []
        for try await slice in self {
            guard slice.count <= limit - bytes.count else { throw tooLarge }
            if bytes.isEmpty {
                bytes = slice
            } else {
                bytes.append(contentsOf: slice)
            }
        }
        return bytes
    }

    /// Reads the body; a second iterator goes on where the first one stopped.
    public func makeAsyncIterator() -> Iterator { Iterator(exchange: exchange) }

    /// Reads the body.
    public struct Iterator: AsyncIteratorProtocol {
        let exchange: ApplicationExchange

        /// The next bytes, nil at the end of the body. Throws ``HTTPError`` when the client has gone away before, and
        /// `CancellationError` when this task is cancelled.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws -> [UInt8]? {
            try await exchange.nextSlice()
        }

        /// The next bytes, nil at the end of the body. Throws ``HTTPError`` when the client has gone away before, and
        /// `CancellationError` when this task is cancelled.
        public mutating func next() async throws -> [UInt8]? {
            try await exchange.nextSlice()
        }
    }
}
