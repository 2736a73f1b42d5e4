import TestSupport
import Testing
import WeaverCore
import WeaverLoop

/// Connections that change their protocol: RFC 9110 section 7.8, with scripted ends.
@Suite(.timeLimit(.minutes(1)))
struct TunnelTests {
    private static let offer =
        "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n"
    private static let answer = "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"

    /// Sends the offer with `early` behind it, answers with `answer` and `reply` behind it.
    private func open(
        _ client: RawPeer, _ backend: RawServer, early: String = "", reply: String = ""
    ) async throws -> RawPeer {
        try await client.send(Self.offer + early)
        let peer = try #require(await backend.accept())
        let head = await peer.receive("\r\n\r\n")
        #expect(head.contains("Connection: upgrade\r\nUpgrade: websocket\r\n"), "\(head)")
        #expect(head.hasSuffix("\r\n\r\n"), "what is behind the request has to wait for 101")
        try await peer.forget()
        try await peer.send(Self.answer + reply)
        let response = await client.receive("\r\n\r\n\(reply)")
        #expect(response.hasPrefix("HTTP/1.1 101 Go\r\n"))
        #expect(response.contains("Connection: upgrade\r\n"))
        #expect(response.hasSuffix("\r\n\r\n\(reply)"))
        try await client.forget()
        return peer
    }

    @Test func bytesBehindBothHeadsPassAndNothingIsReordered() async throws {
        try await withProxy { proxy, backend, client in
            let peer = try await open(client, backend, early: "one", reply: "eins")
            try await client.send("two")
            #expect(await peer.receive("onetwo") == "onetwo")
            try await peer.sendByteByByte("zwei\r\n\r\n")
            #expect(await client.receive("\r\n\r\n") == "zwei\r\n\r\n")
            #expect(try await proxy.inFlight() == 0)
            let counters = try await proxy.serverCounters()
            #expect(counters.openTunnels == 1 && counters.tunnels == 1 && counters.requestsInFlight == 0)
            try await peer.close()
        }
    }

    @Test func everythingWorksByteByByte() async throws {
        try await withProxy { _, backend, client in
            async let sent: Void = client.sendByteByByte(Self.offer + "ab")
            let peer = try #require(await backend.accept())
            _ = await peer.receive("\r\n\r\n")
            try await sent
            try await peer.forget()
            try await peer.sendByteByByte(Self.answer + "cd")
            #expect(await client.receive("cd").hasSuffix("\r\n\r\ncd"))
            #expect(await peer.receive("ab") == "ab")
            try await peer.close()
        }
    }

    @Test func eachSideEndsByItself() async throws {
        try await withProxy { proxy, backend, client in
            let peer = try await open(client, backend)
            try await client.send("last")
            try await client.shutdown()
            #expect(await peer.receiveAll() == "last")
            try await peer.send("more")
            #expect(await client.receive("more") == "more")
            try await peer.send(" and end")
            try await peer.shutdown()
            #expect(await client.receiveAll() == "more and end")
            #expect(try await !client.endsWithReset())
            try await eventually("the tunnel is gone") {
                let counters = try await proxy.serverCounters()
                return counters.openTunnels == 0 && counters.openConnections == 0 && counters.aborted == 0
            }
            try await peer.close()
        }
    }

    @Test func backendThatEndsFirstStillHearsTheClient() async throws {
        try await withProxy { proxy, backend, client in
            let peer = try await open(client, backend)
            try await peer.send("bye")
            try await peer.shutdown()
            #expect(await client.receiveAll() == "bye")
            try await client.send("and you")
            try await client.shutdown()
            #expect(await peer.receiveAll() == "and you")
            try await eventually("the tunnel is gone") { try await proxy.serverCounters().openConnections == 0 }
            #expect(try await proxy.serverCounters().aborted == 0)
            try await peer.close()
        }
    }

    @Test func clientThatHadEndedBeforeTheAnswerIsHeardToHaveEnded() async throws {
        try await withProxy { _, backend, client in
            try await client.send(Self.offer + "all")
            try await client.shutdown()
            let peer = try #require(await backend.accept())
            _ = await peer.receive("\r\n\r\n")
            try await peer.forget()
            try await peer.send(Self.answer)
            #expect(await peer.receiveAll() == "all")
            try await peer.close()
        }
    }

    @Test func sideThatBreaksCutsTheOther() async throws {
        try await withProxy { proxy, backend, client in
            let peer = try await open(client, backend)
            try await peer.reset()
            #expect(try await client.endsWithReset())
            let second = try await RawPeer.connect(to: proxy.address, loop: proxy.loop)
            let other = try await open(second, backend)
            try await second.reset()
            #expect(try await other.endsWithReset())
            #expect(try await proxy.serverCounters().openTunnels == 0)
            try await second.close()
        }
    }

    @Test(arguments: [
        "HTTP/1.1 101 Go\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n",
        "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\n\r\n", "HTTP/1.1 101 Go\r\n\r\n",
        "HTTP/1.0 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ])
    func protocolThatWasNotOfferedIs502(_ answer: String) async throws {
        try await withProxy { proxy, backend, client in
            try await client.send(Self.offer)
            let peer = try #require(await backend.accept())
            _ = await peer.receive("\r\n\r\n")
            try await peer.send(answer + "secret")
            let response = await client.receive("for\n")
            #expect(response.hasPrefix("HTTP/1.1 502 "))
            #expect(!response.contains("secret"))
            #expect(try await peer.endsWithReset())
            #expect(try await proxy.counters().retries == 0)
        }
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
        "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
    ])
    func protocolThatNobodyAskedForIs502(_ request: String) async throws {
        try await withProxy { _, backend, client in
            try await client.send(request)
            let peer = try #require(await backend.accept())
            #expect(await !peer.receive("\r\n\r\n").lowercased().contains("upgrade"))
            try await peer.send(Self.answer)
            #expect(await client.receive("for\n").hasPrefix("HTTP/1.1 502 "))
            try await peer.close()
        }
    }

    @Test func offerThatIsDeclinedIsAnOrdinaryExchange() async throws {
        try await withProxy { proxy, backend, client in
            try await client.send(Self.offer + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
            let peer = try #require(await backend.accept())
            _ = await peer.receive("\r\n\r\n")
            try await peer.forget()
            try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno")
            #expect(await client.receive("no").hasSuffix("\r\n\r\nno"))
            // The connection is an ordinary one again, on both sides.
            #expect(await peer.receive("\r\n\r\n").hasPrefix("GET /next HTTP/1.1\r\n"))
            try await client.forget()
            try await peer.send("HTTP/1.1 204 No Content\r\n\r\n")
            #expect(await client.receive("\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
            #expect(try await proxy.serverCounters().tunnels == 0)
            try await peer.close()
        }
    }

    @Test func offerWithABodyIsSwitchedBehindItAndNotInside() async throws {
        let head =
            "POST /exec HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: tcp\r\nContent-Length: 4\r\n\r\n"
        let answer = "HTTP/1.1 101 Go\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n"
        try await withProxy { proxy, backend, client in
            try await client.send(head + "bodytunnel")
            let peer = try #require(await backend.accept())
            #expect(await peer.receive("body").hasSuffix("\r\n\r\nbody"))
            try await peer.forget()
            try await peer.send(answer)
            #expect(await peer.receive("tunnel") == "tunnel")
            try await peer.close()

            let early = try await RawPeer.connect(to: proxy.address, loop: proxy.loop)
            try await early.send(head + "bo")
            let second = try #require(await backend.accept())
            _ = await second.receive("\r\n\r\nbo")
            try await second.send(answer)
            #expect(await early.receive("request\n").hasPrefix("HTTP/1.1 502 "))
            try await early.close()
            try await second.close()
        }
    }

    @Test func sideThatDoesNotReadHoldsTheOtherBack() async throws {
        let part = [UInt8](repeating: 7, count: 1 << 20)
        try await withProxy { proxy, backend, client in
            let peer = try await open(client, backend)
            for (slow, fast) in [(client, peer), (peer, client)] {
                try await slow.setReading(false)
                for _ in 0..<64 { try await fast.send(part) }
                try await eventually("the sender is held back") {
                    let before = try await fast.unsentBytes()
                    let held = try await proxy.bufferedBytes()
                    return before > 0 && held > 0 && held < 2 << 20
                }
                try await slow.setReading(true)
                let received = await slow.receive { bytes, ended in ended || bytes.count == 64 << 20 }
                #expect(received.count == 64 << 20)
                try await slow.forget()
            }
            try await peer.close()
        }
    }

    @Test func quietTunnelIsCutAndABusyOneIsNot() async throws {
        try await withProxy {
            // Longer than a round may take on a machine that is busy with other tests.
            $0.server.tunnelIdleTimeout = .seconds(4)
        } _: { proxy, backend, client in
            let quiet = try await open(client, backend)
            let busy = try await RawPeer.connect(to: proxy.address, loop: proxy.loop)
            let peer = try await open(busy, backend)
            // Each answer is a round through the proxy: the tunnel is never quiet while the other one runs out.
            async let isCut = client.endsWithReset()
            while try await proxy.serverCounters().openTunnels == 2 {
                try await busy.send("a")
                _ = await peer.receive("a")
                try await peer.forget()
            }
            #expect(try await isCut)
            #expect(try await quiet.endsWithReset())
            try await busy.send("still")
            #expect(await peer.receive("still").hasSuffix("still"))
            try await busy.close()
            try await peer.close()
        }
    }

    @Test func drainCutsTunnelsAfterABoundAndDoesNotWaitForThemForEver() async throws {
        try await withProxy {
            $0.server.tunnelIdleTimeout = .zero
            $0.server.tunnelDrainTimeout = .milliseconds(50)
        } _: { proxy, backend, client in
            let peer = try await open(client, backend)
            await proxy.drain()
            #expect(try await client.endsWithReset())
            #expect(try await peer.endsWithReset())
            #expect(try await proxy.serverCounters().openTunnels == 0)
        }
    }

    @Test func boundsOfTunnelsAreAnHourAndTenSeconds() {
        #expect(HTTPServerConfiguration().tunnelIdleTimeout == .seconds(3600))
        #expect(HTTPServerConfiguration().tunnelDrainTimeout == .seconds(10))
    }

    @Test func connectIsRefused() async throws {
        try await withProxy { _, _, client in
            try await client.send("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n")
            let answer = await client.receiveAll()
            #expect(answer.hasPrefix("HTTP/1.1 501 Not Implemented\r\n"))
            #expect(answer.contains("Connection: close\r\n"))
        }
    }
}
