import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@Suite(.timeLimit(.minutes(1)))
struct HTTPServerTests {
    @Test func manyClientsThroughTheProxyLoseNothing() async throws {
        try await withLoop { loop in
            let backends = [try await EchoServer.start(loop), try await EchoServer.start(loop)]
            let proxy = try await ProxyFixture.start(loop, backends: backends.map(\.address))
            let failures = await withTaskGroup(of: Int.self) { group in
                for client in 0..<50 {
                    group.addTask { (try? await Self.exchange(client, proxy.address, loop)) ?? 40 }
                }
                return await group.reduce(0, +)
            }
            #expect(failures == 0)
            var requests: [UInt64] = []
            for backend in backends { requests.append(try await backend.counters().requests) }
            #expect(requests.reduce(0, +) == 2000)
            #expect(requests.allSatisfy { $0 > 500 }, "\(requests)")
            #expect(try await proxy.counters().backendConnections <= 50)
            #expect(try await proxy.inFlight() == 0)
            try await proxy.close()
            for backend in backends { try await backend.close() }
        }
    }

    /// 40 requests, one after the other; how many got a wrong answer.
    private static func exchange(_ client: Int, _ address: SocketAddress, _ loop: EventLoop) async throws -> Int {
        let peer = try await RawPeer.connect(to: address, loop: loop)
        var failures = 0
        for round in 0..<40 {
            let body = "<\(client)-\(round)>"
            try await peer.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            let response = await peer.receive(">")
            if !response.hasPrefix("HTTP/1.1 200 OK\r\n") || !response.hasSuffix(body) { failures += 1 }
            try await peer.forget()
        }
        try await peer.close()
        return failures
    }

    @Test func connectionsPastTheLimitAreRefused() async throws {
        try await withLoop { loop in
            let server = try await EchoServer.start(loop) { $0.maximumConnections = 1 }
            let first = try await RawPeer.connect(to: server.address, loop: loop)
            try await first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = await first.receive("\r\n\r\n")
            let second = try await RawPeer.connect(to: server.address, loop: loop)
            #expect(await second.receiveAll().hasPrefix("HTTP/1.1 503 "))
            try await second.close()
            try await first.close()
            try await server.close()
        }
    }

    @Test func idleAndStalledClientsAreClosed() async throws {
        try await withLoop { loop in
            let server = try await EchoServer.start(loop) {
                $0.idleTimeout = .milliseconds(60)
                // Longer, so that a busy machine sends its first request in time.
                $0.headerTimeout = .seconds(5)
            }
            let silent = try await RawPeer.connect(to: server.address, loop: loop)
            #expect(await silent.receiveAll() == "")
            let idle = try await RawPeer.connect(to: server.address, loop: loop)
            try await idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await idle.receiveAll().hasPrefix("HTTP/1.1 200 "))
            let stalled = try await RawPeer.connect(to: server.address, loop: loop)
            try await stalled.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(64 << 20)\r\n\r\n")
            _ = await stalled.receive("\r\n\r\n")
            try await stalled.setReading(false)
            try await stalled.send([UInt8](repeating: 1, count: 64 << 20))
            while try await server.counters().aborted == 0 { try await Task.sleep(for: .milliseconds(20)) }
            for peer in [silent, idle, stalled] { try await peer.close() }
            try await server.close()
        }
    }

    @Test func bodyOfExactlyTheLimitIsTaken() async throws {
        try await withLoop { loop in
            let server = try await EchoServer.start(loop) { $0.limits.bodyBytes = 4 }
            let fits = try await RawPeer.connect(to: server.address, loop: loop)
            try await fits.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody")
            #expect(await fits.receive("\r\n\r\nbody").hasPrefix("HTTP/1.1 200 "))
            let over = try await RawPeer.connect(to: server.address, loop: loop)
            try await over.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
            #expect(await over.receiveAll().hasPrefix("HTTP/1.1 413 "))
            try await fits.close()
            try await over.close()
            try await server.close()
        }
    }

    @Test func tenMebibytesEchoThroughTheProxyInPieces() async throws {
        let size = 10 << 20
        try await withLoop { loop in
            let backend = try await EchoServer.start(loop)
            let proxy = try await ProxyFixture.start(loop, backends: [backend.address])
            let client = try await RawPeer.connect(to: proxy.address, loop: loop)
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
            try await client.send([UInt8](repeating: 7, count: size - 3) + [1, 2, 3])
            let response = await client.receive { bytes, ended in ended || bytes.count > size }
            #expect(response.count > size)
            #expect(response.suffix(4) == [7, 1, 2, 3])
            try await client.close()
            try await proxy.close()
            try await backend.close()
        }
    }
}
