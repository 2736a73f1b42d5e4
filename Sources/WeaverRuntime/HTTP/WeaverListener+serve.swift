internal import WeaverLoop

extension WeaverListener {
    /// Serves HTTP/1.1 requests with `handler` until the process drains or the calling task is cancelled; on all loops of a
    /// single process that has several (`[single] loops`), so that a handler runs on the loop of its connection.
    ///
    /// Only the end of the process drains: requests that have come are answered first, and every handler is waited for; one
    /// whose response goes on for ever hears of it by ``HTTPResponseWriter/cancelOnDrain(_:)``. To cancel the calling task cuts
    /// every connection, whatever is under way.
    ///
    ///     try await lemon.serve { request, body, writer in
    ///         try await writer.respond(body: "hello\n")
    ///     }
    ///
    /// - Parameters:
    ///   - runsOn: `.pool` for handlers that block or compute for long.
    ///   - handler: called for each request, many at a time; see ``HTTPHandler``.
    /// - Throws: `ListenerError` when the listener is served already.
    public func serve(runsOn: RunsOn = .loop, _ handler: @escaping HTTPHandler) async throws {
        let tracing = tracer.map { HTTPTracing($0, listener: name) }
        let servers = loops.all.map { loop in
            HTTPListenerServer(loop: loop, runsOn: runsOn, tracing: tracing, handler: handler)
        }
        let (ended, end) = AsyncStream<Void>.makeStream()
        let socket = try takeSocket {
            await withTaskGroup { group in
                for server in servers { group.addTask { await server.drain() } }
            }
            end.finish()
        }
        do {
            for (server, part) in zip(servers, try socket.shared(by: servers.count)) {
                try await server.start(socket: part)
            }
        } catch {
            // Those that accept already would go on.
            try await Self.close(servers)
            throw error
        }
        // Waits for the end of the stream, or for the cancellation of this task.
        for await _ in ended {}
        if Task.isCancelled { try await Self.close(servers) }
    }

    private static func close(_ servers: [HTTPListenerServer]) async throws {
        for server in servers { try await server.close() }
    }
}
