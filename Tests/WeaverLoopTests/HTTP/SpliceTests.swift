import TestSupport
import Testing
import WeaverCore
import WeaverLoop

/// Bodies that pass inside of the kernel, with scripted ends.
@Suite(.timeLimit(.minutes(1)))
struct SpliceTests {
    private static let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let smallest = Int(ReverseProxyConfiguration().smallestSplice)

    /// Bytes of which each place has its own, as far as 250 values go.
    private static func body(_ count: Int) -> [UInt8] {
        let pattern = (0..<62_750).map { UInt8(truncatingIfNeeded: ($0 + $0 / 250) % 251) }
        var body: [UInt8] = []
        body.reserveCapacity(count + pattern.count)
        while body.count < count { body += pattern }
        return Array(body[..<count])
    }

    /// Sends a request and a head that announces `length`, and forgets both heads.
    private func begin(_ client: RawPeer, _ backend: RawServer, length: Int) async throws -> RawPeer {
        try await client.send(Self.request)
        let peer = try #require(await backend.accept())
        try await answer(client, peer, length: length)
        return peer
    }

    private func answer(_ client: RawPeer, _ peer: RawPeer, length: Int) async throws {
        _ = await peer.receive("\r\n\r\n")
        try await peer.forget()
        try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n")
        #expect(await client.receive("\r\n\r\n").contains("Content-Length: \(length)\r\n"))
        try await client.forget()
    }

    @Test func longBodyArrivesAsItWasSentAndBothConnectionsGoOn() async throws {
        try await withProxy { proxy, backend, client in
            let body = Self.body(3_000_001)
            let peer = try await begin(client, backend, length: body.count)
            try await peer.send(body)
            let received = await client.receive { bytes, ended in ended || bytes.count >= body.count }
            #expect(received == body)
            try await client.forget()
            try await client.send(Self.request)
            try await answer(client, peer, length: body.count)
            try await peer.send(body)
            let again = await client.receive { bytes, ended in ended || bytes.count >= body.count }
            #expect(again == body)
            let counters = try await proxy.counters()
            #expect(counters.splicedBytes == 2 * UInt64(body.count) && counters.reusedConnections == 1)
            #expect(try await proxy.splices() == 0)
            try await peer.close()
        }
    }

    @Test(arguments: [(0, true), (1, false)])
    func bodyOfTheSmallestSizeIsSplicedAndNoSmallerOne(below: Int, isSpliced: Bool) async throws {
        try await withProxy { proxy, backend, client in
            let body = Self.body(Self.smallest - below)
            let peer = try await begin(client, backend, length: body.count)
            try await peer.send(body)
            let received = await client.receive { bytes, ended in ended || bytes.count >= body.count }
            #expect(received == body)
            #expect(try await proxy.counters().splicedBytes == (isSpliced ? UInt64(body.count) : 0))
            try await peer.close()
        }
    }

    @Test func bodyPastTheBoundOnSplicesIsCopied() async throws {
        try await withProxy({ $0.maximumSplices = 0 }) { proxy, backend, client in
            let body = Self.body(1_000_000)
            let peer = try await begin(client, backend, length: body.count)
            try await peer.send(body)
            let received = await client.receive { bytes, ended in ended || bytes.count >= body.count }
            #expect(received == body)
            #expect(try await proxy.counters().splicedBytes == 0)
            try await peer.close()
        }
    }

    @Test func clientThatDoesNotReadHoldsTheBackendBack() async throws {
        try await withProxy { proxy, backend, client in
            let body = Self.body(40_000_000)
            let peer = try await begin(client, backend, length: body.count)
            try await client.setReading(false)
            try await peer.send(body)
            var before = -1
            try await eventually("nothing moves any more") {
                let unsent = try await peer.unsentBytes()
                defer { before = unsent }
                return unsent == before && unsent < body.count
            }
            #expect(before > 0, "all of it was taken from the backend")
            #expect(try await proxy.bufferedBytes() <= 2 << 20)
            try await client.setReading(true)
            let received = await client.receive { bytes, ended in ended || bytes.count >= body.count }
            #expect(received == body)
            #expect(try await proxy.splices() == 0)
            try await peer.close()
        }
    }

    @Test func bodyThatEndsEarlyIsSeenToBeCut() async throws {
        try await withProxy { proxy, backend, client in
            let peer = try await begin(client, backend, length: 2_000_000)
            try await peer.send(Self.body(1_000_000))
            try await peer.shutdown()
            let bytes = await client.receive { _, ended in ended }
            #expect(bytes.count <= 1_000_000)
            try await eventually("the exchange is over") {
                let counters = try await proxy.serverCounters()
                let (splices, inFlight) = (try await proxy.splices(), try await proxy.inFlight())
                return counters.aborted == 1 && splices == 0 && inFlight == 0
            }
            try await peer.close()
        }
    }

    @Test func clientThatLeavesFreesBackendAndPipe() async throws {
        try await withProxy { proxy, backend, client in
            let peer = try await begin(client, backend, length: 40_000_000)
            try await client.setReading(false)
            try await peer.send(Self.body(40_000_000))
            try await eventually("the body passes") { try await proxy.counters().splicedBytes > 0 }
            #expect(try await proxy.splices() == 1)
            try await client.reset()
            _ = await peer.receive { _, ended in ended }
            try await eventually("the exchange is over") {
                let (splices, inFlight) = (try await proxy.splices(), try await proxy.inFlight())
                return splices == 0 && inFlight == 0
            }
        }
    }

    @Test func bytesBehindTheBodyAnswerNothing() async throws {
        try await withProxy { proxy, backend, client in
            let body = Self.body(1_000_000)
            let peer = try await begin(client, backend, length: body.count)
            try await peer.send(body + Array("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil".utf8))
            let received = await client.receive { bytes, ended in ended || bytes.count >= body.count }
            #expect(received == body)
            _ = await peer.receive { _, ended in ended }
            try await client.forget()
            let next = try await begin(client, backend, length: 2)
            try await next.send("ok")
            #expect(await client.receive("ok") == "ok")
            #expect(try await proxy.counters().reusedConnections == 0)
            try await next.close()
        }
    }
}
