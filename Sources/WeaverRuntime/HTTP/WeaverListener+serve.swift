internal import WeaverLoop

extension WeaverListener {
    /// Serves HTTP/1.1 requests with `handler` until the process drains or the calling task is cancelled.
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
        let server = HTTPListenerServer(
            loop: loop, runsOn: runsOn, tracing: tracer.map { HTTPTracing($0, listener: name) }, handler: handler)
        let (ended, end) = AsyncStream<Void>.makeStream()
        let socket = try takeSocket {
            await server.drain()
            end.finish()
        }
        try await server.start(socket: socket)
        // Waits for the end of the stream, or for the cancellation of this task.
        for await _ in ended {}
        if Task.isCancelled { try await server.close() }
    }
}
