import TestSupport
import Testing
import WeaverCore
import WeaverLoop

/// What goes wrong between a client and its backends, and must not be seen, or be seen rightly.
@Suite(.timeLimit(.minutes(1)))
struct ProxyHazardTests {
    private static let get = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let noContent = "HTTP/1.1 204 No Content\r\n\r\n"

    /// Lets the proxy have a kept connection to `backend`.
    private func keep(_ client: RawPeer, _ backend: RawServer) async throws -> RawPeer {
        try await client.send(Self.get)
        let peer = try #require(await backend.accept())
        _ = await peer.receive("\r\n\r\n")
        try await peer.send(Self.noContent)
        _ = await client.receive("\r\n\r\n")
        try await client.forget()
        try await peer.forget()
        return peer
    }

    @Test func bodyThatArrivesWhileARetryIsConnectingStaysBehindItsHead() async throws {
        try await withProxy {
            // The first packet that a full queue drops is sent again after 1, 3 and 7 seconds.
            $0.connectTimeout = .seconds(30)
        } _: { proxy, backend, client in
            let first = try await keep(client, backend)
            let deaf = try await DeafServer(loop: proxy.loop)
            let smuggled = "DELETE /all HTTP/1.1\r\nHost: a\r\n\r\n"
            try await client.send("PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: \(smuggled.utf8.count)\r\n\r\n")
            _ = await first.receive("\r\n\r\n")
            // The kept connection stays with its backend, which has gone from the list: the retry has to connect.
            try await proxy.setBackends([deaf.address])
            try await first.close()
            try await eventually("the retry connects") { try await proxy.counters().retries > 0 }
            try await client.send(smuggled)
            try await deaf.listen()
            let second = try #require(await deaf.next())
            let request = await second.receive(smuggled)
            #expect(request.hasPrefix("PUT /x HTTP/1.1\r\n"))
            #expect(request.hasSuffix("\r\n\r\n\(smuggled)"))
            try await second.send(Self.noContent)
            #expect(await client.receive("\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
            try await second.close()
            try await deaf.close()
        }
    }

    @Test func backendRemovedWhileItIsConnectedGetsNothing() async throws {
        try await withProxy {
            // The first packet that a full queue drops is sent again after 1, 3 and 7 seconds.
            $0.connectTimeout = .seconds(30)
        } _: { proxy, backend, client in
            let deaf = try await DeafServer(loop: proxy.loop)
            try await proxy.setBackends([deaf.address])
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
            try await eventually("a request is in flight") { try await proxy.inFlight() > 0 }
            try await proxy.setBackends([backend.address])
            try await deaf.listen()
            let peer = try #require(await backend.accept())
            #expect(await peer.receive("hi").hasSuffix("\r\n\r\nhi"))
            try await peer.send(Self.noContent)
            #expect(await client.receive("\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
            try await peer.close()
            try await deaf.close()
        }
    }

    @Test func connectionThatIsNotMadeInTimeMeans504() async throws {
        try await withProxy {
            $0.connectTimeout = .milliseconds(50)
        } _: { proxy, _, client in
            let deaf = try await DeafServer(loop: proxy.loop)
            try await proxy.setBackends([deaf.address])
            try await client.send(Self.get)
            let answer = await client.receive("replica\n")
            #expect(answer.hasPrefix("HTTP/1.1 504 "))
            try await deaf.close()
        }
    }

    @Test func answerOfABackendThatClosesBeforeItHasReadTheBodyArrives() async throws {
        try await withProxy { proxy, backend, client in
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(32 << 20)\r\n\r\n")
            let peer = try #require(await backend.accept())
            _ = await peer.receive("\r\n\r\n")
            try await peer.setReading(false)
            try await client.send([UInt8](repeating: 7, count: 1 << 20))
            // Unread bytes make the close a reset, which the proxy's writing meets first.
            try await peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nmuch")
            try await peer.close()
            try await client.send([UInt8](repeating: 7, count: 1 << 20))
            #expect(await client.receiveAll().hasSuffix("\r\n\r\nmuch"))
            #expect(try await proxy.inFlight() == 0)
        }
    }

    @Test func clientThatLeavesAQuietStreamFreesItsBackend() async throws {
        try await withProxy {
            $0.server.halfClosedTimeout = .milliseconds(50)
        } _: { proxy, backend, client in
            try await client.send(Self.get)
            let peer = try #require(await backend.accept())
            _ = await peer.receive("\r\n\r\n")
            try await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            _ = await client.receive("\r\n\r\n")
            try await client.close()
            // Not an orderly end: it would look like a client that still reads.
            #expect(try await peer.endsWithReset())
            #expect(try await proxy.inFlight() == 0)
            #expect(try await proxy.serverCounters().aborted == 1)
        }
    }

    @Test func clientThatPipelinesBehindAQuietStreamAndLeavesFreesItsBackend() async throws {
        try await withProxy {
            $0.server.halfClosedTimeout = .milliseconds(50)
        } _: { proxy, backend, client in
            try await client.send(Self.get + Self.get)
            let peer = try #require(await backend.accept())
            _ = await peer.receive("\r\n\r\n")
            try await client.close()
            #expect(try await peer.endsWithReset())
        }
    }

    @Test func clientThatStallsInItsBodyIsToldSoThoughTheBackendWaitsToo() async throws {
        try await withProxy {
            $0.server.idleTimeout = .milliseconds(100)
            $0.responseTimeout = .milliseconds(50)
            $0.server.headerTimeout = .seconds(60)
        } _: { proxy, backend, client in
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab")
            #expect(await client.receiveAll().hasPrefix("HTTP/1.1 408 "))
            #expect(try await proxy.inFlight() == 0)
        }
    }

    @Test func backendThatNeverContinuesIsTheOneThatIsLate() async throws {
        try await withProxy {
            $0.server.idleTimeout = .milliseconds(50)
            $0.responseTimeout = .milliseconds(150)
            $0.server.headerTimeout = .seconds(60)
        } _: { proxy, backend, client in
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n")
            #expect(await client.receiveAll().hasPrefix("HTTP/1.1 504 "))
        }
    }

    @Test func addressesOfBackendsAreNotTold() async throws {
        try await withProxy { proxy, backend, client in
            try await backend.close()
            try await client.send(Self.get)
            let refused = await client.receive("failed\n")
            #expect(refused.hasPrefix("HTTP/1.1 502 "))
            #expect(!refused.contains("127.0.0.1"))
        }
    }

    @Test(arguments: [0, 1])
    func interimResponsesAreBounded(_ excess: Int) async throws {
        try await withProxy {
            $0.backendLimits.interimResponses = 3
        } _: { proxy, backend, client in
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\n\r\n")
            let peer = try #require(await backend.accept())
            _ = await peer.receive("\r\n\r\n")
            try await peer.send(String(repeating: "HTTP/1.1 103 Early\r\n\r\n", count: 3 + excess) + Self.noContent)
            let final = excess == 0 ? "HTTP/1.1 204 " : "HTTP/1.1 502 "
            #expect(await client.receive(final).contains(final))
            try await peer.close()
        }
    }

    @Test(arguments: [0, 1])
    func headOfABackendIsBounded(_ excess: Int) async throws {
        let response = "HTTP/1.1 204 No Content\r\n\r\n"
        try await withProxy {
            $0.backendLimits.headBytes = response.utf8.count - excess
        } _: { proxy, backend, client in
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\n\r\n")
            let peer = try #require(await backend.accept())
            _ = await peer.receive("\r\n\r\n")
            try await peer.send(response)
            #expect(await client.receive("\r\n\r\n").hasPrefix(excess == 0 ? "HTTP/1.1 204 " : "HTTP/1.1 502 "))
            try await peer.close()
        }
    }

    @Test(arguments: ["extra", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])
    func bytesBehindAResponseEndItsConnection(_ extra: String) async throws {
        try await withProxy { proxy, backend, client in
            try await client.send(Self.get)
            let first = try #require(await backend.accept())
            _ = await first.receive("\r\n\r\n")
            try await first.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\(extra)")
            #expect(await client.receive("ok").hasSuffix("\r\n\r\nok"))
            _ = await first.receiveAll()
            #expect(try await proxy.counters().reusedConnections == 0)
            try await first.close()
        }
    }

    @Test func unsolicitedBytesOnAKeptConnectionEndIt() async throws {
        try await withProxy { proxy, backend, client in
            let first = try await keep(client, backend)
            try await first.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
            _ = await first.receiveAll()
            try await client.send(Self.get)
            let second = try #require(await backend.accept())
            _ = await second.receive("\r\n\r\n")
            try await second.send(Self.noContent)
            #expect(await client.receive("\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
            try await first.close()
            try await second.close()
        }
    }

    @Test func keptConnectionIsClosedAfterItsTime() async throws {
        try await withProxy {
            $0.keptConnectionTimeout = .milliseconds(30)
        } _: { proxy, backend, client in
            let first = try await keep(client, backend)
            #expect(await first.receiveAll() == "")
            try await first.close()
        }
    }

    @Test func replicaThatAcceptsAndBreaksIsAskedLast() async throws {
        try await withProxy { proxy, backend, client in
            let broken = try await RawServer(loop: proxy.loop)
            try await proxy.setBackends([broken.address, backend.address])
            let breaking = Task {
                var count = 0
                while let peer = await broken.accept() {
                    count += 1
                    _ = await peer.receive("\r\n\r\n")
                    try? await peer.close()
                }
                return count
            }
            let start = ContinuousClock.now
            for _ in 0..<12 {
                try await client.send(Self.get)
                let peer = try #require(await backend.accept())
                _ = await peer.receive("\r\n\r\n")
                try await peer.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
                #expect(await client.receive("\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
                try await client.forget()
                try await peer.close()
            }
            breaking.cancel()
            // Once for each time that the back-off may have passed; without it, for every second request.
            let backoffs = Int((ContinuousClock.now - start) / .nanoseconds(BackendTable.failureBackoff))
            #expect(await breaking.value <= 2 + backoffs)
            try await broken.close()
        }
    }

    @Test func oldClientGetsHostKeepAliveAndABodyThatEndsWithTheConnection() async throws {
        try await withProxy { proxy, backend, client in
            try await client.send("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let peer = try #require(await backend.accept())
            #expect(await peer.receive("\r\n\r\n").contains("\r\nHost: \(proxy.address)\r\n"))
            try await peer.forget()
            try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            #expect(await client.receive("ok").contains("Connection: keep-alive\r\n"))
            try await client.forget()
            try await client.send("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            _ = await peer.receive("\r\n\r\n")
            try await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
            let last = await client.receiveAll()
            #expect(last.contains("Connection: close\r\n"))
            #expect(last.hasSuffix("\r\n\r\nok"))
            try await peer.close()
        }
    }

    @Test func headThroughTheProxyHasNoBody() async throws {
        try await withProxy { proxy, backend, client in
            try await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + Self.get)
            let peer = try #require(await backend.accept())
            _ = await peer.receive("\r\n\r\n")
            try await peer.forget()
            try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
            #expect(await peer.receive("\r\n\r\n").hasPrefix("GET "))
            try await peer.send(Self.noContent)
            let both = await client.receive("204 No Content")
            #expect(both.contains("Content-Length: 5\r\n"))
            #expect(both.components(of: "\r\n\r\n") == 2)
            try await peer.close()
        }
    }

    @Test func bodyThatEndsWithTheConnectionAndIsCutEndsWithAReset() async throws {
        try await withProxy { proxy, backend, client in
            try await client.send("GET / HTTP/1.0\r\n\r\n")
            let peer = try #require(await backend.accept())
            _ = await peer.receive("\r\n\r\n")
            try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: x\r\n\r\n")
            #expect(await client.receiveAll().hasPrefix("HTTP/1.1 502 "))
            let second = try await RawPeer.connect(to: proxy.address, loop: proxy.loop)
            try await second.send("GET / HTTP/1.0\r\n\r\n")
            let other = try #require(await backend.accept())
            _ = await other.receive("\r\n\r\n")
            try await other.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
            _ = await second.receive("hi")
            try await other.close()
            #expect(try await second.endsWithReset())
            try await peer.close()
        }
    }

    @Test func processThatCanOpenNoDescriptorAnswers503AndBlamesNoBackend() async {
        await #expect(processExitsWith: .success) {
            try await withLoop { loop in
                let backend = try await RawServer(loop: loop)
                let proxy = try await ProxyFixture.start(loop, backends: [backend.address])
                let client = try await RawPeer.connect(to: proxy.address, loop: loop)
                try await client.send("GET / HTTP/9.9\r\n")
                _ = await client.receiveAll()
                let second = try await RawPeer.connect(to: proxy.address, loop: loop)
                try await eventually("both are accepted") { try await proxy.serverCounters().connections >= 2 }
                let restore = exhaustDescriptors()
                try await second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let refused = await second.receive("left\n")
                restore()
                precondition(refused.hasPrefix("HTTP/1.1 503 ") && refused.contains("Retry-After: "), refused)
                try await second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let peer = await backend.accept()
                _ = await peer?.receive("\r\n\r\n")
                try await peer?.send("HTTP/1.1 204 No Content\r\n\r\n")
                _ = await second.receive("204")
                for peer in [client, second, peer] { try await peer?.close() }
                try await proxy.close()
                try await backend.close()
            }
        }
    }
}

extension String {
    /// How often `text` occurs.
    func components(of text: String) -> Int { ranges(of: text).count }
}
