import TestSupport
import Testing
import WeaverCore
import WeaverLoop

/// A backend that leaves: it gets nothing more, and somebody hears when nothing is on its way to it.
@Suite(.timeLimit(.minutes(1)))
struct ReleaseTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func aBackendIsReleasedAfterItsLastAnswerAndItsKeptConnectionsAreClosed() async throws {
        try await withProxy { proxy, backend, client in
            try await client.send(Self.get)
            let peer = try #require(await backend.accept())
            _ = await peer.receive("\r\n\r\n")
            try await proxy.setBackends([])
            let released = Promise<Bool>()
            try await proxy.whenReleased(backend.address) { released.fulfil(true) }
            // Its answer goes through, and only then it is released.
            #expect(try await proxy.inFlightWithLeaving(backend.address))
            try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            #expect(await client.receive("ok").hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(await released.wait())
            #expect(await peer.receiveAll().hasPrefix("GET / "), "the proxy hangs up, not the backend")
            #expect(try await !proxy.inFlightWithLeaving(backend.address))
            try await peer.close()
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n",
    ])
    func aStreamOrTunnelThatHasBegunDoesNotHoldItsBackend(_ head: String) async throws {
        try await withProxy { proxy, backend, client in
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
            let peer = try #require(await backend.accept())
            _ = await peer.receive("\r\n\r\n")
            try await proxy.setBackends([])
            let released = Promise<Bool>()
            try await proxy.whenReleased(backend.address) { released.fulfil(true) }
            #expect(try await proxy.inFlightWithLeaving(backend.address))
            // It may be told that it drains, so that it can end what would not end by itself.
            try await peer.send(head)
            #expect(await released.wait())
            #expect(try await proxy.status().backends.map(\.state) == [.draining])
            try await peer.send("3\r\nbye\r\n0\r\n\r\n")
            _ = await client.receive("bye")
            try await peer.close()
            try await client.close()
        }
    }

    @Test func aRequestThatIsAnsweredBeforeItsEndGoesOnWithABackendThatIsReleased() async throws {
        try await withProxy { proxy, backend, client in
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
            let peer = try #require(await backend.accept())
            _ = await peer.receive("one\r\n")
            try await proxy.setBackends([])
            let released = Promise<Bool>()
            try await proxy.whenReleased(backend.address) { released.fulfil(true) }
            // An interim response is no answer: the backend may still be about to give up.
            try await peer.send("HTTP/1.1 103 Early Hints\r\n\r\n")
            _ = await client.receive("103 Early Hints")
            #expect(try await proxy.inFlightWithLeaving(backend.address))
            try await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhead\r\n")
            _ = await client.receive("head")
            #expect(await released.wait())
            try await client.send("3\r\ntwo\r\n0\r\n\r\n")
            #expect(await peer.receive("0\r\n\r\n").hasSuffix("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"))
            try await peer.send("4\r\ntail\r\n0\r\n\r\n")
            #expect(await client.receive("tail\r\n0\r\n\r\n").hasSuffix("4\r\nhead\r\n4\r\ntail\r\n0\r\n\r\n"))
            #expect(await peer.receiveAll().hasSuffix("0\r\n\r\n"), "the proxy hangs up, not the backend")
            try await peer.close()
        }
    }

    @Test func aBackendWithNothingInFlightIsReleasedAtOnce() async throws {
        try await withProxy { proxy, backend, client in
            try await client.send(Self.get)
            let peer = try #require(await backend.accept())
            _ = await peer.receive("\r\n\r\n")
            try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            _ = await client.receive("ok")
            try await proxy.setBackends([])
            #expect(try await !proxy.inFlightWithLeaving(backend.address))
            _ = await peer.receiveAll()
            try await peer.close()
        }
    }

    @Test func aClientThatLeavesReleasesItsBackend() async throws {
        try await withProxy { proxy, backend, client in
            try await client.send(Self.get)
            let peer = try #require(await backend.accept())
            _ = await peer.receive("\r\n\r\n")
            try await proxy.setBackends([])
            let released = Promise<Bool>()
            try await proxy.whenReleased(backend.address) { released.fulfil(true) }
            try await client.reset()
            #expect(await released.wait())
            _ = await peer.receiveAll()
        }
    }
}
