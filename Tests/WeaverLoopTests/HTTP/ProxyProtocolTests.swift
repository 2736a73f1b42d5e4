import TestSupport
import Testing
import WeaverCore
import WeaverLoop

/// Listeners behind a proxy that says whose connections it passes on.
@Suite(.timeLimit(.minutes(1)))
struct ProxyProtocolTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let line = "PROXY TCP4 203.0.113.7 192.0.2.1 56324 443\r\n"

    private func withListener(
        trusting block: String = "127.0.0.0/8", accepts: Bool = true,
        _ configure: @escaping @Sendable (inout ReverseProxyConfiguration) -> Void = { _ in },
        _ body: (ProxyFixture, RawServer, RawPeer) async throws -> Void
    ) async throws {
        try await withProxy {
            $0.acceptsProxyProtocol = accepts
            #expect($0.trustedProxies.insert(block) == true)
            configure(&$0)
        } _: {
            try await body($0, $1, $2)
        }
    }

    /// The head that the backend gets, answered.
    private func head(at backend: RawServer) async throws -> String {
        let peer = try #require(await backend.accept())
        let head = await peer.receive("\r\n\r\n")
        try await peer.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        try await peer.close()
        return head
    }

    private static let binary: [UInt8] =
        Array("\r\n\r\n\0\r\nQUIT\n".utf8) + [0x21, 0x11, 0, 12, 203, 0, 113, 7, 192, 0, 2, 1, 0xDC, 4, 1, 0xBB]

    @Test(arguments: [Array(line.utf8), binary])
    func addressOfTheHeaderIsTheClients(_ header: [UInt8]) async throws {
        try await withListener { _, backend, client in
            try await client.send(header + Array(Self.get.utf8))
            let first = try await head(at: backend)
            #expect(first.contains("X-Forwarded-For: 203.0.113.7\r\n"), "\(first)")
            _ = await client.receive("\r\n\r\n")
            // It holds for the whole connection.
            try await client.send(Self.get)
            #expect(try await head(at: backend).contains("X-Forwarded-For: 203.0.113.7\r\n"))
        }
    }

    @Test func headerArrivesByteByByte() async throws {
        try await withListener {
            $0.server.headerTimeout = .seconds(3600)
        } _: { _, backend, client in
            async let sent: Void = client.sendByteByByte(Self.line + Self.get)
            #expect(try await head(at: backend).contains("X-Forwarded-For: 203.0.113.7\r\n"))
            try await sent
        }
    }

    /// The trusted one passes the connection on; whom it names is not trusted for that.
    @Test func fieldsOfTheNamedClientAreNotBelieved() async throws {
        try await withListener { _, backend, client in
            try await client.send(Self.line + "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n")
            let head = try await head(at: backend)
            #expect(head.contains("X-Forwarded-For: 203.0.113.7\r\n") && !head.contains("6.6.6.6"))
        }
    }

    @Test(arguments: ["PROXY UNKNOWN\r\n", "\r\n\r\n\0\r\nQUIT\n\u{20}\0\0\0"])
    func proxyThatNamesNobodySpeaksForItself(_ header: String) async throws {
        try await withListener { _, backend, client in
            try await client.send(header + Self.get)
            #expect(try await head(at: backend).contains("X-Forwarded-For: 127.0.0.1\r\n"))
        }
    }

    @Test(arguments: [get, "PROXY TCP4 1.2.3.4\r\n\(get)", "PROXY NOBODY\r\n\(get)"])
    func trustedPeerWithoutAHeaderIsNotGuessedAt(_ text: String) async throws {
        try await withListener { proxy, _, client in
            try await client.send(text)
            #expect(await client.receiveAll().isEmpty)
            try await eventually("the connection is gone") { try await proxy.serverCounters().openConnections == 0 }
            let counters = try await proxy.serverCounters()
            #expect(counters.refused == 1 && counters.requests == 0)
        }
    }

    @Test func strangersSpeakHTTPAndCannotNameSomebody() async throws {
        try await withListener(trusting: "10.0.0.0/8") { proxy, backend, client in
            try await client.send(Self.get)
            #expect(try await head(at: backend).contains("X-Forwarded-For: 127.0.0.1\r\n"))
            let forger = try await RawPeer.connect(to: proxy.address, loop: proxy.loop)
            try await forger.send(Self.line + Self.get)
            #expect(await forger.receiveAll().hasPrefix("HTTP/1.1 400 "))
            try await forger.close()
        }
    }

    @Test func itIsOffUnlessAskedFor() async throws {
        #expect(!ReverseProxyConfiguration().acceptsProxyProtocol)
        try await withListener(accepts: false) { _, _, client in
            try await client.send(Self.line + Self.get)
            #expect(await client.receiveAll().hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test func headerThatDoesNotComeIsNotWaitedForForEver() async throws {
        try await withListener {
            $0.server.headerTimeout = .milliseconds(50)
        } _: { proxy, _, client in
            try await client.send("PROXY TCP4 ")
            #expect(await client.receiveAll().isEmpty)
            try await eventually("the connection is gone") { try await proxy.serverCounters().openConnections == 0 }
        }
    }

    @Test func drainDoesNotWaitForAHeader() async throws {
        try await withListener { proxy, _, client in
            try await client.send("PRO")
            try await eventually("it has arrived") { try await proxy.bufferedBytes() == 3 }
            await proxy.drain()
            #expect(await client.receiveAll().isEmpty)
        }
    }
}
