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

    /// A refuses connections and has one more answer to give; B is busy. Who has tried A waits for B.
    @Test func whoIsWokenForABackendThatItHasTriedKeepsItsPlace() async throws {
        try await withProxy {
            $0.maximumBackendRequests = 2
            $0.waitTimeout = .seconds(3600)
        } _: { proxy, a, client in
            let b = try await RawServer(loop: proxy.loop)
            try await client.send(request("a"))
            let onA = try #require(await a.accept())
            _ = await onA.receive("\r\n\r\n")
            try await a.close()
            try await proxy.setBackends([b.address])
            var peers: [(client: RawPeer, name: String)] = []
            func ask(_ name: String) async throws {
                let peer = try await RawPeer.connect(to: proxy.address, loop: proxy.loop)
                try await peer.send(request(name))
                peers.append((peer, name))
            }
            var onB: [RawPeer] = []
            for name in ["b1", "b2"] {
                try await ask(name)
                onB.append(try #require(await b.accept()))
                _ = await onB[onB.count - 1].receive("\r\n\r\n")
            }
            try await proxy.setBackends([a.address, b.address])
            for (index, name) in ["first", "second"].enumerated() {
                try await ask(name)
                try await eventually("it waits") { try await proxy.status().waiting == index + 1 }
            }
            try await onA.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            _ = await client.receive("\r\n\r\n")
            try await onB[0].forget()
            try await onB[0].send("HTTP/1.1 204 No Content\r\n\r\n")
            #expect(await onB[0].receive("\r\n\r\n").hasPrefix("GET /first "))
            #expect(try await proxy.status().waiting == 1)
            // Clients go first, and of them who waits: else a request is sent once more, to a backend that nobody reads.
            try await peers.removeLast().client.close()
            try await eventually("nobody waits") { try await proxy.status().waiting == 0 }
            for peer in peers { try await peer.client.close() }
            try await eventually("nothing is in flight") { try await proxy.inFlight() == 0 }
            for peer in onB + [onA] { try await peer.close() }
            try await b.close()
        }
    }

    @Test func roomElsewhereIsNoReasonToWaitLongerForBackendsThatHaveAllFailed() async throws {
        try await withProxy {
            $0.failureBackoff = .seconds(2)
            $0.waitTimeout = .seconds(3600)
        } _: { proxy, backend, client in
            try await client.send(request("kept"))
            let peer = try #require(await backend.accept())
            _ = await peer.receive("\r\n\r\n")
            try await backend.close()
            let refused = try await RawPeer.connect(to: proxy.address, loop: proxy.loop)
            try await refused.send(request("refused"))
            try await eventually("it waits") { try await proxy.status().waiting == 1 }
            // One answer after the other on the connection that stands, until the wait is over.
            let answering = Task {
                while !Task.isCancelled {
                    try await peer.forget()
                    try await peer.send("HTTP/1.1 204 No Content\r\n\r\n")
                    _ = await client.receive("\r\n\r\n")
                    try await client.forget()
                    try await client.send(request("kept"))
                    _ = await peer.receive("\r\n\r\n")
                }
            }
            // It would wait for ever otherwise.
            let watch = Task {
                try await Task.sleep(for: .seconds(50))
                try await refused.close()
            }
            // By 502; or by an answer, where it finds the connection between two requests.
            #expect(await refused.receive("\r\n\r\n").hasPrefix("HTTP/1.1 "))
            watch.cancel()
            answering.cancel()
            for peer in [refused, peer, client] { try await peer.close() }
            try await answering.value
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
