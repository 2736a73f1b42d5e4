internal import WeaverCore

/// What a response, or a tunnel, that does not end by itself hears of the end of the process.
extension HTTPResponseWriter {
    /// The process ends, or this replica is replaced: it takes no more requests, and what is in flight has 10 s. From any
    /// thread.
    public var isDraining: Bool { exchange.application.drainNotice.isGiven }

    /// Runs `body`, which does not end by itself, in a child task that is cancelled when ``isDraining`` becomes true; at once
    /// where it is.
    ///
    ///     try await writer.cancelOnDrain {
    ///         for await price in prices() { try await writer.write("data: \(price)\n\n") }
    ///     }
    ///     try await writer.write(": see you at another replica\n\n")
    ///
    /// The handler goes on behind it and ends the response in order, so that its client can tell it from one that was cut, and
    /// come back. Each part that was being written goes out whole. A WebSocket needs none of this: its messages end.
    ///
    /// - Throws: what `body` throws, but for the `CancellationError`, and the ``CallError`` with the code `cancelled`, that say
    ///   no more than that the drain has cancelled it. Those of a client that has gone away are thrown.
    public func cancelOnDrain(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let notice = exchange.application.drainNotice
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                if notice.isGiven { group.cancelAll() }
                group.addTask { try await body() }
                group.addTask { await notice.wait() }
                try await group.next()
                group.cancelAll()
                try await group.next()
            }
        } catch  where notice.isGiven && !Task.isCancelled && Self.isCancellation(error) {}
    }

    private static func isCancellation(_ error: any Error) -> Bool {
        error is CancellationError || (error as? CallError)?.code == .cancelled
    }
}
