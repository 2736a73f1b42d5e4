import TestSupport
import Testing
import WeaverCore
import WeaverLoop

/// Answers each request by a tunnel, says something and leaves it.
private final class LeavingHandler: HTTPConnectionHandler {
    private unowned let connection: HTTPServerConnection

    init(_ connection: HTTPServerConnection) { self.connection = connection }

    func requestDidBegin(_ head: borrowing RequestHead, in bytes: RawSpan) {}
    func requestDidReceive(_ body: RawSpan) {}

    func requestDidEnd(trailers: TrailerSection?) {
        connection.beginTunnel { $0.append(ascii: "HTTP/1.1 101 Switching Protocols\r\n\r\n") }
        unsafe connection.sendThroughTunnel(Array("bye".utf8).span.bytes)
        connection.finishTunnel()
    }

    func clientDidDrain() {}
    func clientDidClose() {}
    func deadlineDidPass() {}
    var bufferedBytes: Int { 0 }
}

/// A server that is used on its loop only.
private struct ServerBox: @unchecked Sendable {
    let server: HTTPServer
}

@Suite(.timeLimit(.minutes(1)))
struct ServerTunnelTests {
    @Test func `a tunnel that the server leaves first ends in order, and is counted once`() async throws {
        try await withLoop { loop in
            let box = try await loop.run {
                var configuration = HTTPServerConfiguration()
                // A test that waits for its turn on a busy machine is no client that lingers.
                configuration.lingerTimeout = .seconds(3600)
                let server = HTTPServer(loop: loop, configuration: configuration) { LeavingHandler($0) }
                try server.start(address: .ip("127.0.0.1", port: 0))
                return ServerBox(server: server)
            }
            let address = try #require(try await loop.run { box.server.localAddress })
            let client = try await RawPeer.connect(to: address, loop: loop)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nmore")
            #expect(await client.receiveAll() == "HTTP/1.1 101 Switching Protocols\r\n\r\nbye")
            let lingering = try await loop.run { box.server.counters }
            #expect(lingering.tunnels == 1 && lingering.openTunnels == 0 && lingering.openConnections == 1)
            try await client.send([UInt8](repeating: 1, count: 1 << 20))
            try await client.shutdown()
            try await eventually("it closes") { try await loop.run { box.server.counters.openConnections == 0 } }
            #expect(try await !client.endsWithReset())
            try await client.close()
            let counters = try await loop.run { box.server.counters }
            #expect(counters.openTunnels == 0 && counters.requestsInFlight == 0 && counters.aborted == 0)
            try await loop.run { box.server.close() }
        }
    }
}
