public import HTTPTypes
package import Logging
package import WeaverCore
package import WeaverLoop

/// Answers one request. Returning ends the response; throwing before its head was sent is answered with 500 (413 for
/// a body that is too large), afterwards the connection is cut. Its task is cancelled when the client goes away before it has the whole response; one
/// that has only closed its side may still read, and is taken for gone when nothing has been written to it for 10 s. The end
/// of the process waits for it, 10 s at most; ``HTTPResponseWriter/cancelOnDrain(_:)`` tells a response that goes on.
public typealias HTTPHandler =
    @Sendable (_ request: HTTPRequest, _ body: HTTPBody, _ writer: HTTPResponseWriter) async throws -> Void

/// An HTTP/1.1 server that hands requests to an application's handler, each in a task of its own. From any thread.
package final class HTTPListenerServer: Sendable {
    private let loop: EventLoop
    // Used on the loop's thread only, which HTTPServer's handles enforce.
    nonisolated(unsafe) private let server: HTTPServer
    private let application: Application

    /// A server that does not listen yet.
    ///
    /// - Parameter runsOn: `.loop` runs handlers on `loop` itself: no change of thread, and one that blocks holds
    ///   everything up. `.pool` is for handlers that block or compute.
    package init(
        loop: EventLoop, configuration: HTTPServerConfiguration = .application, runsOn: RunsOn = .loop,
        logger: Logger = Logger(label: "weaver.http"), tracing: HTTPTracing? = nil, handler: @escaping HTTPHandler
    ) {
        self.loop = loop
        let application = Application(loop: loop, runsOn: runsOn, logger: logger, tracing: tracing, handler: handler)
        self.application = application
        unsafe server = HTTPServer(loop: loop, configuration: configuration) { connection in
            ApplicationConnection(connection: connection, application: application)
        }
        unsafe server.onDrain = { application.drainNotice.give() }
    }

    /// Accepts on `socket`, and what has connected to it already; nothing when the server has been drained meanwhile.
    package func start(socket: ListeningSocket) async throws {
        try await onLoop { server throws(UVError) in
            if !server.isDraining { try server.start(socket: socket) }
        }
    }

    /// Listens on `address`, and tells which port the system chose.
    package func start(address: SocketAddress) async throws -> SocketAddress {
        try await onLoop { server throws(UVError) in
            try server.start(address: address)
            return server.localAddress ?? address
        }
    }

    /// Accepts nothing more, and returns when no connection is open and no handler runs: one may be busy with what its
    /// client has left behind.
    package func drain() async {
        await withCheckedContinuation { continuation in
            loop.handOver { [application] isInLoop in
                let wait = { application.handlers.whenNone { continuation.resume() } }
                if isInLoop { return unsafe self.server.drain(whenDrained: wait) }
                // The end of the loop has closed all connections.
                application.drainNotice.give()
                wait()
            }
        }
    }

    /// Cuts every connection; a drain that waits goes on to wait for the handlers, which are cancelled.
    package func close() async throws {
        try await onLoop { server throws(UVError) in server.close() }
    }

    /// Bytes in memory for all clients.
    package func bufferedBytes() async throws -> Int {
        try await onLoop { server throws(UVError) in server.bufferedBytes }
    }

    /// What it has seen of its clients.
    package func counters() async throws -> HTTPServerCounters {
        try await onLoop { server throws(UVError) in server.counters }
    }

    private func onLoop<R: Sendable>(
        _ body: @escaping @Sendable (HTTPServer) throws(UVError) -> R
    ) async throws -> R {
        try await loop.run { unsafe try body(self.server) }
    }
}

extension HTTPServerConfiguration {
    /// For servers of applications: an idle connection is kept longer than the proxy's 60 s, so that the proxy is the
    /// one who closes, and never sends a request into a connection that we are closing; and a message that the proxy has
    /// let through is not refused for what the proxy has added.
    package static var application: HTTPServerConfiguration {
        var configuration = HTTPServerConfiguration()
        configuration.idleTimeout = .seconds(75)
        // The deployer's proxy drops a replica as soon as it says that it ends; what it has sent before is answered.
        configuration.drainGrace = .milliseconds(250)
        // X-Forwarded-Host repeats the host; the other forwarding fields are short, and each field may get a blank.
        configuration.limits.headBytes = 2 * configuration.limits.headBytes + 4096
        configuration.limits.fieldCount += 8
        configuration.limits.trailerBytes += configuration.limits.fieldCount
        return configuration
    }
}

/// What all connections of a server share.
struct Application: Sendable {
    let loop: EventLoop
    let runsOn: RunsOn
    let logger: Logger
    let tracing: HTTPTracing?
    let handler: HTTPHandler
    let drainNotice = DrainNotice()
    let handlers = RunningHandlers()

    /// Runs `body` on the loop's thread, right here when that is where the caller runs. Where the loop has ended, so have the
    /// connections: their clients are gone.
    func onLoop<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        if loop.isInLoop { return try body() }
        return try await withCheckedThrowingContinuation { continuation in
            loop.handOver { isInLoop in
                continuation.resume(
                    with: isInLoop ? Result { try body() } : .failure(ApplicationExchange.gone))
            }
        }
    }
}
