import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@Suite(.timeLimit(.minutes(1)))
struct ReverseProxyTests {
    private func accept(_ backend: RawServer) async throws -> RawPeer {
        try #require(await backend.accept())
    }

    private static let get = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func requestsShareKeptConnections() async throws {
        try await withProxy { proxy, backend, client in
            try await client.send(Self.get)
            let peer = try await accept(backend)
            for round in 1...3 {
                let request = await peer.receive("\r\n\r\n")
                #expect(request.hasPrefix("GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 127.0.0.1\r\n"))
                try await peer.forget()
                try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\(round)!")
                #expect(
                    await client.receive("\(round)!").hasPrefix(
                        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Request-ID: "))
                try await client.forget()
                if round < 3 { try await client.send(Self.get) }
            }
            #expect(try await proxy.counters().backendConnections == 1)
            #expect(try await proxy.counters().reusedConnections == 2)
            #expect(try await proxy.inFlight() == 0)
            try await peer.close()
        }
    }

    @Test func everythingWorksByteByByte() async throws {
        try await withProxy { _, backend, client in
            try await client.sendByteByByte(
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
            let peer = try await accept(backend)
            #expect(await peer.receive("0\r\n\r\n").contains("Transfer-Encoding: chunked\r\n"))
            try await peer.sendByteByByte(
                "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: y\r\n\r\n"
            )
            let response = await client.receive("0\r\nX: y\r\n\r\n")
            #expect(response.hasPrefix("HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"))
            #expect(
                response.hasSuffix("\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\nX: y\r\n\r\n") || response.contains("2\r\nhi\r\n"))
            try await peer.close()
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await withProxy { _, backend, client in
            try await client.send((1...5).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            let peer = try await accept(backend)
            for round in 1...5 {
                #expect(await peer.receive("\r\n\r\n").hasPrefix("GET /\(round) "))
                try await peer.forget()
                try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n=\(round)")
            }
            let responses = await client.receive("=5")
            #expect(responses.split(separator: "=").dropFirst().map { $0.prefix(1) } == ["1", "2", "3", "4", "5"])
            try await peer.close()
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n\r\n", "400"), ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", "400"), ("GET / HTTP/3.0\r\n\r\n", "505"),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", "501"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 65536))\r\n\r\n", "431"),
        ("GET /\(String(repeating: "x", count: 17000)) HTTP/1.1\r\n", "414"),
    ])
    func refusedRequestIsAnsweredAndTheConnectionCloses(_ request: String, _ status: String) async throws {
        try await withProxy { proxy, _, client in
            try await client.send(request)
            let answer = await client.receiveAll()
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
            #expect(answer.contains("Connection: close\r\n"))
            #expect(try await proxy.counters().backendConnections == 0)
        }
    }

    @Test func malformedChunkCutsTheBackendAndIsAnswered() async throws {
        try await withProxy { _, backend, client in
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
            let peer = try await accept(backend)
            _ = await peer.receive("x\r\n")
            try await client.send("zz\r\n")
            #expect(await client.receiveAll().hasPrefix("HTTP/1.1 400 "))
            #expect(!(await peer.receiveAll().contains("0\r\n\r\n")))
            try await peer.close()
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.1 2",
    ])
    func invalidResponseBecomes502(_ response: String) async throws {
        try await withProxy { proxy, backend, client in
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\n\r\n")
            let peer = try await accept(backend)
            _ = await peer.receive("\r\n\r\n")
            try await peer.send(response)
            if response.hasSuffix("2") { try await peer.shutdown() }
            #expect(await client.receive("\r\n\r\n").hasPrefix("HTTP/1.1 502 "))
            #expect(try await proxy.inFlight() == 0)
            try await peer.close()
        }
    }

    @Test func truncatedBodyIsVisibleAsTruncated() async throws {
        try await withProxy { _, backend, client in
            try await client.send(Self.get)
            let peer = try await accept(backend)
            _ = await peer.receive("\r\n\r\n")
            try await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
            _ = await client.receive("hi")
            try await peer.close()
            #expect(!(await client.receiveAll().contains("0\r\n\r\n")))
        }
    }

    @Test func bodyThatEndsWithTheBackendsConnectionArrivesWhole() async throws {
        try await withProxy { _, backend, client in
            try await client.send(Self.get)
            let peer = try await accept(backend)
            _ = await peer.receive("\r\n\r\n")
            try await peer.send("HTTP/1.0 200 OK\r\n\r\nall of it")
            try await peer.shutdown()
            #expect(await client.receive("0\r\n\r\n").contains("9\r\nall of it\r\n0\r\n\r\n"))
            try await peer.close()
        }
    }

    @Test func brokenKeptConnectionIsReplacedForAGet() async throws {
        try await withProxy { proxy, backend, client in
            let first = try await keptConnection(client, backend)
            try await client.send(Self.get)
            _ = await first.receive("\r\n\r\n")
            try await first.close()
            let second = try await accept(backend)
            #expect(await second.receive("\r\n\r\n").hasPrefix("GET /x "))
            try await second.send("HTTP/1.1 204 No Content\r\n\r\n")
            #expect(await client.receive("\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
            #expect(try await proxy.counters().retries == 1)
            try await second.close()
        }
    }

    @Test func aGetThatASilentBackendHasIsAskedOfAnotherAndAPostIsNot() async throws {
        try await withProxy { proxy, silent, client in
            try await client.send(Self.get)
            let deaf = try await accept(silent)
            _ = await deaf.receive("\r\n\r\n")
            let poster = try await RawPeer.connect(to: proxy.address, loop: proxy.loop)
            try await poster.send("POST /y HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            let slow = try await accept(silent)
            _ = await slow.receive("\r\n\r\n")
            let other = try await RawServer(loop: proxy.loop)
            try await proxy.setBackends([other.address])
            try await proxy.fellSilent(silent.address)
            let next = try await accept(other)
            #expect(await next.receive("\r\n\r\n").hasPrefix("GET /x "))
            try await next.send("HTTP/1.1 204 No Content\r\n\r\n")
            #expect(await client.receive("\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
            try await slow.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
            #expect(await poster.receive("\r\n\r\n").hasPrefix("HTTP/1.1 201 "))
            #expect(try await proxy.counters().retries == 1)
            for peer in [deaf, slow, poster, next] { try await peer.close() }
            try await other.close()
        }
    }

    @Test func unreachableBackendIsLeftForAnother() async throws {
        try await withProxy { proxy, backend, client in
            let gone = try await RawServer(loop: proxy.loop)
            try await gone.close()
            try await proxy.setBackends([gone.address, backend.address])
            for _ in 0..<4 {
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
                let peer = try await accept(backend)
                #expect(await peer.receive("hi").hasSuffix("\r\n\r\nhi"))
                try await peer.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
                #expect(await client.receive("\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
                try await client.forget()
                try await peer.close()
            }
        }
    }

    @Test func noBackendAnswersMeans502() async throws {
        try await withProxy { proxy, backend, client in
            try await backend.close()
            try await client.send(Self.get)
            #expect(await client.receive("\r\n\r\n").hasPrefix("HTTP/1.1 502 "))
        }
    }

    /// The only replica dies with a request on it and is back in a moment, or there is another one.
    @Test(arguments: [true, false])
    func whenAllBackendsAreGoneAtOnceAGetWaitsForTheNext(isSameAddress: Bool) async throws {
        // Long enough for the next one to begin on a machine that has much else to do.
        try await withProxy {
            $0.failureBackoff = .seconds(isSameAddress ? 4 : 60)
            $0.waitTimeout = .seconds(60)
        } _: { proxy, backend, client in
            try await client.send(Self.get)
            let doomed = try await accept(backend)
            _ = await doomed.receive("\r\n\r\n")
            try await backend.close()
            try await doomed.close()
            if !isSameAddress {
                try await eventually("it waits") { try await proxy.status().waiting == 1 }
            }
            let next = try await RawServer(loop: proxy.loop, address: isSameAddress ? backend.address : nil)
            if !isSameAddress { try await proxy.setBackends([next.address]) }
            let peer = try await accept(next)
            #expect(await peer.receive("\r\n\r\n").hasPrefix("GET /x "))
            try await peer.send("HTTP/1.1 204 No Content\r\n\r\n")
            #expect(await client.receive("\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
            try await peer.close()
            try await next.close()
        }
    }

    @Test func requestThatWaitsTooLongForABackendIs503AndTheConnectionGoesOn() async throws {
        try await withProxy {
            $0.waitTimeout = .milliseconds(50)
        } _: { proxy, backend, client in
            try await proxy.setBackends([])
            try await client.send(Self.get)
            let refusal = await client.receive("ready\n")
            #expect(refusal.hasPrefix("HTTP/1.1 503 "))
            #expect(refusal.contains("Retry-After: 1\r\n"))
            try await client.forget()
            try await proxy.setBackends([backend.address])
            try await client.send(Self.get)
            let peer = try await accept(backend)
            _ = await peer.receive("\r\n\r\n")
            try await peer.send("HTTP/1.1 204 No Content\r\n\r\n")
            #expect(await client.receive("\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
            try await peer.close()
        }
    }

    @Test func requestThatWaitsGoesToTheBackendThatComes() async throws {
        try await withProxy { proxy, backend, client in
            try await proxy.setBackends([])
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
            try await eventually("the request is in flight") { try await proxy.serverCounters().requestsInFlight > 0 }
            try await proxy.setBackends([backend.address])
            let peer = try await accept(backend)
            #expect(await peer.receive("hi").hasSuffix("\r\n\r\nhi"))
            try await peer.send("HTTP/1.1 204 No Content\r\n\r\n")
            #expect(await client.receive("\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
            try await peer.close()
        }
    }

    @Test func silentBackendMeans504AndSilentClientIsClosed() async throws {
        try await withProxy {
            $0.responseTimeout = .milliseconds(60)
            // Bounds the first request as well, which a busy machine may send seconds late.
            $0.server.headerTimeout = .seconds(8)
        } _: { proxy, backend, client in
            try await client.send(Self.get)
            let peer = try await accept(backend)
            #expect(await client.receive("\r\n\r\n").hasPrefix("HTTP/1.1 504 "))
            _ = await client.receive("time\n")
            try await client.forget()
            try await client.send("GET / HT")
            #expect(await client.receiveAll().hasPrefix("HTTP/1.1 408 "))
            try await peer.close()
        }
    }

    @Test func removedBackendGetsNothingMoreAndFinishesWhatItHas() async throws {
        try await withProxy { proxy, backend, client in
            try await client.send(Self.get)
            let old = try await accept(backend)
            _ = await old.receive("\r\n\r\n")
            let next = try await RawServer(loop: proxy.loop)
            try await proxy.setBackends([next.address])
            try await old.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold")
            #expect(await client.receive("old").hasSuffix("\r\n\r\nold"))
            try await client.forget()
            // Its connection is not kept: no second request can come on it.
            #expect(await old.receiveAll().ranges(of: "GET ").count == 1)
            try await client.send(Self.get)
            let new = try await accept(next)
            #expect(await new.receive("\r\n\r\n").hasPrefix("GET /x "))
            try await new.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew")
            #expect(await client.receive("new").hasSuffix("\r\n\r\nnew"))
            #expect(try await proxy.counters().reusedConnections == 0)
            try await old.close()
            try await new.close()
            try await next.close()
        }
    }

    @Test func clientThatLeavesFreesItsBackend() async throws {
        try await withProxy { proxy, backend, client in
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab")
            let peer = try await accept(backend)
            _ = await peer.receive("ab")
            try await client.close()
            _ = await peer.receiveAll()
            #expect(try await proxy.inFlight() == 0)
            try await peer.close()
        }
    }

    @Test func halfClosedClientGetsItsResponse() async throws {
        try await withProxy { _, backend, client in
            try await client.send(Self.get)
            try await client.shutdown()
            let peer = try await accept(backend)
            _ = await peer.receive("\r\n\r\n")
            try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            #expect(await client.receiveAll().hasSuffix("ok"))
            try await peer.close()
        }
    }

    @Test func responseBeforeTheEndOfTheRequestClosesBoth() async throws {
        try await withProxy { _, backend, client in
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nab")
            let peer = try await accept(backend)
            _ = await peer.receive("ab")
            try await peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
            #expect(await client.receiveAll().contains("Connection: close\r\n"))
            _ = await peer.receiveAll()
            try await peer.close()
        }
    }

    /// What the proxy may hold of one exchange: the marks of both its queues, and a read that crosses each.
    private static let bufferBound = 2 * (256 * 1024 + EventLoop.readBufferSize)

    @Test func slowClientHoldsTheBackendBack() async throws {
        let size = 64 << 20
        try await withProxy { proxy, backend, client in
            try await client.send(Self.get)
            let peer = try await accept(backend)
            _ = await peer.receive("\r\n\r\n")
            try await client.setReading(false)
            try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
            try await peer.send([UInt8](repeating: 7, count: size))
            try await expectHeld(proxy, sender: peer, size)
            try await client.setReading(true)
            let response = await client.receive { bytes, ended in ended || bytes.count > size }
            #expect(response.count > size)
            try await peer.close()
        }
    }

    @Test func slowBackendHoldsTheClientBack() async throws {
        let size = 64 << 20
        try await withProxy { proxy, backend, client in
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
            let peer = try await accept(backend)
            _ = await peer.receive("\r\n\r\n")
            try await peer.setReading(false)
            try await client.send([UInt8](repeating: 7, count: size))
            try await expectHeld(proxy, sender: client, size)
            try await peer.setReading(true)
            let request = await peer.receive { bytes, ended in ended || bytes.count > size }
            #expect(request.count > size)
            try await peer.send("HTTP/1.1 204 No Content\r\n\r\n")
            #expect(await client.receive("\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
            try await peer.close()
        }
    }

    /// Watches `sender` until it makes no progress any more: most of what it sends is still its own then, and the proxy
    /// held little all the time.
    private func expectHeld(_ proxy: ProxyFixture, sender: RawPeer, _ size: Int) async throws {
        var last = -1
        while true {
            let held = try await proxy.bufferedBytes()
            #expect(held <= Self.bufferBound)
            let left = try await sender.unsentBytes()
            if left == last, held > 0 { break }
            last = left
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(last > size / 2, "the proxy took \(size - last) bytes for a peer that reads nothing")
    }

    @Test func addressInUseIsATypedError() async throws {
        try await withLoop { loop in
            let taken = try await RawServer(loop: loop)
            let error = try await loop.run {
                let proxy = ReverseProxy(loop: loop)
                do throws(UVError) {
                    try proxy.start(address: taken.address)
                    return UVError?.none
                } catch {
                    return error
                }
            }
            #expect(error?.isAddressInUse == true)
            try await taken.close()
        }
    }
}
