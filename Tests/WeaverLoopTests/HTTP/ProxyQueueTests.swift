import TestSupport
import Testing
import WeaverCore
import WeaverLoop

/// Requests in flight with a backend are bounded; more wait in order, and those are bounded too.
@Suite(.timeLimit(.minutes(1)))
struct ProxyQueueTests {
    private func request(_ name: String) -> String { "GET /\(name) HTTP/1.1\r\nHost: a\r\n\r\n" }

    @Test func whatFindsNoRoomWaitsAndGoesInOrder() async throws {
        try await withProxy {
            $0.maximumBackendRequests = 1
            $0.maximumWaiting = 2
        } _: { proxy, backend, client in
            try await client.send(request("first"))
            let peer = try #require(await backend.accept())
            #expect(await peer.receive("\r\n\r\n").hasPrefix("GET /first "))
            var others: [RawPeer] = []
            for name in ["second", "third"] {
                let other = try await RawPeer.connect(to: proxy.address, loop: proxy.loop)
                try await other.send(request(name))
                others.append(other)
                try await eventually("a request that waits") {
                    try await proxy.status().waiting == others.count
                }
            }
            // One more than may wait.
            let last = try await RawPeer.connect(to: proxy.address, loop: proxy.loop)
            try await last.send(request("fourth"))
            let refusal = await last.receive("busy\n")
            #expect(refusal.hasPrefix("HTTP/1.1 503 ") && refusal.contains("Retry-After: 1\r\n"))
            for (name, other) in zip(["first", "second", "third"], [client] + others) {
                #expect(await peer.receive("\r\n\r\n").hasPrefix("GET /\(name) "))
                #expect(try await proxy.status().backends[0].traffic.inFlight == 1)
                try await peer.forget()
                try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend")
                _ = await other.receive("end")
            }
            #expect(try await proxy.counters().backendConnections == 1)
            for peer in others + [last, peer] { try await peer.close() }
        }
    }

    @Test func waitingForRoomIsBounded() async throws {
        try await withProxy {
            $0.maximumBackendRequests = 1
            $0.waitTimeout = .milliseconds(50)
        } _: { proxy, backend, client in
            try await client.send(request("first"))
            let peer = try #require(await backend.accept())
            let other = try await RawPeer.connect(to: proxy.address, loop: proxy.loop)
            try await other.send(request("second"))
            let refusal = await other.receive("busy\n")
            #expect(refusal.hasPrefix("HTTP/1.1 503 ") && refusal.contains("Retry-After: 1\r\n"))
            #expect(try await proxy.status().waiting == 0)
            try await other.close()
            try await peer.close()
        }
    }

    @Test func clientThatLeavesTheQueueTakesNoRoom() async throws {
        try await withProxy {
            $0.maximumBackendRequests = 1
        } _: { proxy, backend, client in
            try await client.send(request("first"))
            let peer = try #require(await backend.accept())
            let other = try await RawPeer.connect(to: proxy.address, loop: proxy.loop)
            try await other.send(request("second"))
            try await eventually("a request that waits") { try await proxy.status().waiting == 1 }
            try await other.reset()
            try await eventually("its end") { try await proxy.status().waiting == 0 }
            _ = await peer.receive("\r\n\r\n")
            try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend")
            _ = await client.receive("end")
            #expect(try await proxy.inFlight() == 0)
            try await peer.close()
        }
    }
}
