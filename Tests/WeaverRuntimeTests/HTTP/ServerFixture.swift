import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

/// A server with `handler`, and one scripted client.
func withServer(
    runsOn: RunsOn = .loop, configuration: HTTPServerConfiguration = .application, tracer: WeaverTracer? = nil,
    _ handler: @escaping HTTPHandler, _ body: (RawPeer, SocketAddress) async throws -> Void
) async throws {
    try await withLoop { loop in
        let server = HTTPListenerServer(
            loop: loop, configuration: configuration, runsOn: runsOn,
            tracing: tracer.map { HTTPTracing($0, listener: "gate") }, handler: handler)
        let address = try await server.start(address: .ip("127.0.0.1", port: 0))
        let client = try await RawPeer.connect(to: address, loop: loop)
        do {
            try await body(client, address)
        } catch {
            Issue.record(error)
        }
        try await client.close()
        await server.drain()
    }
}

extension HTTPListenerServer {
    /// Returns when each connection is gone, on this side, too.
    func awaitNoConnection() async throws {
        try await eventually("nobody is connected") { try await self.counters().openConnections == 0 }
    }
}
