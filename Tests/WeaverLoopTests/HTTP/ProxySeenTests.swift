import Synchronization
import TestSupport
import Testing
import WeaverCore
import WeaverLoop

/// What is seen of a proxy from outside: counters, states, latencies and the access log.
@Suite(.timeLimit(.minutes(1)))
struct ProxySeenTests {
    private static let get = "GET /x HTTP/1.1\r\nHost: a\r\nUser-Agent: t\"1\r\nReferer: /r\r\n\r\n"

    /// The entries of a log, as they came.
    private final class Entries: Sendable {
        let all = Mutex<[AccessLogEntry]>([])
        var log: AccessLog {
            AccessLog(wallClock: { 7 }) { entry in self.all.withLock { $0.append(entry) } }
        }
        func next(_ count: Int) async throws -> [AccessLogEntry] {
            try await eventually("entries") { self.all.withLock { $0.count >= count } }
            return all.withLock { $0 }
        }
    }

    private func accept(_ backend: RawServer) async throws -> RawPeer {
        try #require(await backend.accept())
    }

    @Test func requestsAreCountedForTheListenerAndTheBackendThatAnswered() async throws {
        try await withProxy { proxy, backend, client in
            try await client.send(Self.get)
            let peer = try await accept(backend)
            _ = await peer.receive("\r\n\r\n")
            var status = try await proxy.status()
            #expect(status.traffic.requests == 1 && status.traffic.inFlight == 1 && status.traffic.p50 == nil)
            #expect(status.backends.map(\.address) == [backend.address.description])
            #expect(status.backends[0].traffic.inFlight == 1 && status.backends[0].state == .ready)
            try await peer.send("HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nhi")
            _ = await client.receive("hi")
            status = try await proxy.status()
            #expect(status.connections == 1 && status.waiting == 0)
            for traffic in [status.traffic, status.backends[0].traffic] {
                #expect(traffic.inFlight == 0 && traffic.requests == 1 && traffic.failures == 0)
                #expect(try #require(traffic.p50) > 0 && traffic.p50 == traffic.p99)
            }
            try await peer.close()
        }
    }

    @Test func aBackendThatFailsIsFailingUntilItAnswers() async throws {
        try await withProxy { proxy, backend, client in
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
            let peer = try await accept(backend)
            _ = await peer.receive("\r\n\r\nx")
            try await peer.close()
            #expect(await client.receive("connection\n").hasPrefix("HTTP/1.1 502 "))
            var status = try await proxy.status()
            #expect(status.traffic.failures == 1)
            #expect(status.backends[0].traffic.failures == 1 && status.backends[0].state != .ready)
            try await eventually("the end of the back-off") { try await proxy.status().backends[0].state == .failing }
            try await client.forget()
            try await client.send(Self.get)
            let next = try await accept(backend)
            _ = await next.receive("\r\n\r\n")
            try await next.send("HTTP/1.1 204 No Content\r\n\r\n")
            _ = await client.receive("\r\n\r\n")
            status = try await proxy.status()
            #expect(status.backends[0].state == .ready && status.backends[0].traffic.requests == 2)
            try await next.close()
        }
    }

    @Test func aBackendThatIsRemovedIsDrainingUntilItHasAnswered() async throws {
        try await withProxy { proxy, backend, client in
            try await client.send(Self.get)
            let peer = try await accept(backend)
            _ = await peer.receive("\r\n\r\n")
            try await proxy.setBackends([])
            let draining = try await proxy.status().backends
            #expect(draining.map(\.state) == [.draining] && draining[0].traffic.inFlight == 1)
            try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
            _ = await client.receive("hi")
            #expect(try await proxy.status().backends.isEmpty)
            try await peer.close()
        }
    }

    @Test func aRequestIsOneEntryWithWhatItWasAndBecame() async throws {
        let entries = Entries()
        try await withProxy {
            $0.server.limits.bodyBytes = 3
        } _: { proxy, backend, client in
            try await proxy.setAccessLog(entries.log)
            try await client.send(Self.get)
            let peer = try await accept(backend)
            _ = await peer.receive("\r\n\r\n")
            try await peer.send(
                "HTTP/1.1 201 Made\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3\r\nyou\r\n0\r\n\r\n")
            _ = await client.receive("0\r\n\r\n")
            let first = try await entries.next(1)[0]
            #expect(
                first.client == "127.0.0.1" && first.method == Array("GET".utf8) && first.target == Array("/x".utf8))
            #expect(first.userAgent == Array("t\"1".utf8) && first.referer == Array("/r".utf8))
            #expect(first.status == 201 && first.bodyBytes == 5 && first.isComplete && first.time == 7)
            #expect(first.duration > 0 && first.backend == backend.address.description)
            // The id that was made: 128 bits in hexadecimal digits.
            #expect(first.requestID.count == 32)
            try await client.send("PUT /y HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody")
            _ = await client.receive("HTTP/1.1 413 ")
            let second = try await entries.next(2)[1]
            #expect(second.status == 413 && second.isComplete && second.target == Array("/y".utf8))
            try await peer.close()
        }
        #expect(entries.all.withLock { $0.count } == 2)
    }

    @Test func aClientThatLeavesAndAResponseThatIsCutAreSeen() async throws {
        let entries = Entries()
        try await withProxy { proxy, backend, client in
            try await proxy.setAccessLog(entries.log)
            try await client.send(Self.get)
            let peer = try await accept(backend)
            _ = await peer.receive("\r\n\r\n")
            try await client.reset()
            let left = try await entries.next(1)[0]
            #expect(left.status == AccessLogEntry.clientGone && !left.isComplete)
            let other = try await RawPeer.connect(to: proxy.address, loop: proxy.loop)
            try await other.send(Self.get)
            let second = try await accept(backend)
            _ = await second.receive("\r\n\r\n")
            try await second.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
            _ = await other.receive("half")
            try await second.close()
            let cut = try await entries.next(2)[1]
            #expect(cut.status == 200 && cut.bodyBytes == 4 && !cut.isComplete)
            #expect(try await proxy.status().traffic.failures == 1)
            for peer in [peer, second, other] { try await peer.close() }
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", 400), ("GET /\(String(repeating: "a", count: 100))", 414),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 300))\r\n\r\n", 431),
    ])
    func whatIsNoRequestIsAnEntryToo(text: String, status: Int) async throws {
        let entries = Entries()
        try await withProxy {
            $0.server.limits.requestLineBytes = 64
            $0.server.limits.headBytes = 256
        } _: { proxy, _, client in
            try await proxy.setAccessLog(entries.log)
            try await client.send(text)
            _ = await client.receiveAll()
            let entry = try await entries.next(1)[0]
            #expect(Int(entry.status) == status && entry.method.isEmpty && entry.backend == nil)
        }
        #expect(entries.all.withLock { $0.count } == 1)
    }

    @Test func theClientIsTheOneThatATrustedPeerNames() async throws {
        let entries = Entries()
        try await withProxy {
            _ = $0.trustedProxies.insert("127.0.0.1")
        } _: { proxy, _, client in
            try await proxy.setAccessLog(entries.log)
            try await proxy.setBackends([])
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.9, 203.0.113.7\r\n\r\n")
            try await eventually("a request that waits") { try await proxy.status().waiting == 1 }
            try await client.reset()
            #expect(try await entries.next(1)[0].client == "203.0.113.7")
        }
    }
}
