import Dispatch
import TestSupport
import Testing
import WeaverCore
import WeaverLoop

/// A proxy that ends, and backends that close what they had kept.
@Suite(.timeLimit(.minutes(1))) struct ProxyEndingTests {
    private static let get = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"

    private func accept(_ backend: RawServer) async throws -> RawPeer {
        try #require(await backend.accept())
    }

    @Test func drainLetsRequestsFinishAndClosesIdleClients() async throws {
        try await withLoop { loop in
            let backend = try await RawServer(loop: loop)
            let proxy = try await ProxyFixture.start(loop, backends: [backend.address])
            let busy = try await RawPeer.connect(to: proxy.address, loop: loop)
            let idle = try await RawPeer.connect(to: proxy.address, loop: loop)
            try await busy.send(Self.get)
            let peer = try #require(await backend.accept())
            _ = await peer.receive("\r\n\r\n")
            async let drained: Void = proxy.drain()
            _ = await idle.receiveAll()
            try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            let response = await busy.receiveAll()
            #expect(response.contains("Connection: close\r\n"))
            #expect(response.hasSuffix("ok"))
            try await idle.close()
            try await busy.close()
            await drained
            try await peer.close()
            try await backend.close()
            #expect(try await proxy.serverCounters().openConnections == 0)
        }
    }

    @Test func requestThatIsOnItsWayWhenADrainBeginsIsAnswered() async throws {
        try await withProxy {
            // Long enough for a busy machine.
            $0.server.drainGrace = .seconds(4)
        } _: { proxy, backend, client in
            async let drained: Void = proxy.drain()
            try await eventually("it drains") { try await proxy.isDraining() }
            try await client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            let peer = try await accept(backend)
            _ = await peer.receive("\r\n\r\n")
            try await peer.send("HTTP/1.1 204 No Content\r\n\r\n")
            let answer = await client.receiveAll()
            #expect(answer.hasPrefix("HTTP/1.1 204 ") && answer.contains("Connection: close\r\n"))
            try await client.close()
            await drained
            try await peer.close()
        }
    }

    @Test func drainWithoutClientsListensNoLonger() async throws {
        try await withProxy {
            $0.server.drainGrace = .seconds(3600)
        } _: { proxy, _, client in
            try await client.close()
            try await eventually("the client is gone") { try await proxy.serverCounters().openConnections == 0 }
            await proxy.drain()
        }
    }

    @Test func aPostTakesNoKeptConnectionWhoseEndHasArrived() async throws {
        try await withLoop { peers in
            let backend = try await RawServer(loop: peers)
            try await withLoop { loop in
                let proxy = try await ProxyFixture.start(loop, backends: [backend.address])
                let client = try await RawPeer.connect(to: proxy.address, loop: peers)
                let first = try await keptConnection(client, backend)
                // What the loop finds then is the request first, and the end of the kept connection behind it.
                let held = DispatchSemaphore(value: 0)
                let holds = Promise<Void>()
                loop.execute {
                    holds.fulfil(())
                    held.wait()
                }
                await holds.wait()
                try await client.send("POST /y HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                try await eventually("the request is out") { try await client.unsentBytes() == 0 }
                try await first.close()
                held.signal()
                let second = try await accept(backend)
                #expect(await second.receive("\r\n\r\n").hasPrefix("POST /y "))
                try await second.send("HTTP/1.1 204 No Content\r\n\r\n")
                #expect(await client.receive("\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
                for peer in [client, second] { try await peer.close() }
                try await proxy.close()
            }
            try await backend.close()
        }
    }
}
