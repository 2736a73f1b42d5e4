import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

/// Clients that are slow, greedy, silent or half gone.
@Suite(.timeLimit(.minutes(1)))
struct ServerHazardTests {
    private func withServer(
        _ configure: @escaping @Sendable (inout HTTPServerConfiguration) -> Void = { _ in },
        _ body: (EchoServer, RawPeer) async throws -> Void
    ) async throws {
        try await withLoop { loop in
            let server = try await EchoServer.start(loop, configure)
            let client = try await RawPeer.connect(to: server.address, loop: loop)
            do {
                try await body(server, client)
            } catch {
                Issue.record(error)
            }
            try await client.close()
            try await server.close()
        }
    }

    private static func bulk(_ count: Int) -> String {
        "OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: \(count)\r\n\r\n"
    }

    @Test func clientThatPipelinesAndNeverReadsCostsABoundedAmountOfMemory() async throws {
        let (requests, size) = (4000, 16 * 1024)
        try await withServer { server, client in
            try await client.setReading(false)
            try await client.send(String(repeating: Self.bulk(size), count: requests))
            var last: UInt64 = 0
            while true {
                let held = try await server.bufferedBytes()
                // The mark, the response that crosses it, and what was read of the requests.
                #expect(held <= 256 * 1024 + size + 1024 + EventLoop.readBufferSize)
                let taken = try await server.counters().requests
                if taken > 0, taken == last { break }
                last = taken
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(last < requests)
            try await client.setReading(true)
            let all = await client.receive { bytes, ended in ended || bytes.count > requests * size }
            #expect(all.count > requests * size)
            try await eventually("no request is in flight") { try await server.counters().requestsInFlight == 0 }
            #expect(try await server.counters().requests == UInt64(requests))
        }
    }

    @Test func lastResponseToASlowReaderOutlivesTheLingerTime() async throws {
        let size = 32 << 20
        try await withServer {
            $0.lingerTimeout = .milliseconds(20)
        } _: { server, client in
            let request = "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\nMax-Forwards: \(size)\r\n\r\n"
            try await client.setReading(false)
            try await client.send(request)
            try await eventually("bytes wait") { try await server.bufferedBytes() > 0 }
            // Some sweeps later than the connection would be cut.
            try await Task.sleep(for: .milliseconds(150))
            try await client.setReading(true)
            let response = await client.receive { bytes, ended in ended || bytes.count > size }
            #expect(response.count > size)
            #expect(try await server.counters().aborted == 0)
        }
    }

    @Test func progressInsideOneLargeWriteIsSeen() async throws {
        try await withLoop { loop in
            let pair = try await StreamPair.make(on: loop)
            let size = 64 << 20
            try await loop.run {
                pair.server.pauseReading()
                pair.client.write(owned: WritePiece([UInt8](repeating: 1, count: size)))
                pair.client.flushNow()
                let left = pair.client.queuedBytes
                #expect(left > 0 && left < size)
                pair.atServer.onRead = { server in
                    // The peer has taken some of the one write, and not all.
                    guard pair.client.queuedBytes < left, pair.client.queuedBytes > 0 else { return }
                    pair.atServer.onRead = nil
                    server.close()
                }
                pair.server.startReading()
            }
            _ = await (pair.atServer.ended.wait(), pair.atClient.ended.wait())
            try await loop.run { #expect(pair.atServer.received.count < size) }
        }
    }

    @Test func clientThatTakesNothingIsResetSoThatItSeesTheCut() async throws {
        try await withServer {
            $0.idleTimeout = .milliseconds(60)
            $0.headerTimeout = .seconds(60)
        } _: { server, client in
            try await client.setReading(false)
            try await client.send("OPTIONS * HTTP/1.0\r\nMax-Forwards: \(32 << 20)\r\n\r\n")
            try await eventually("one was cut") { try await server.counters().aborted > 0 }
            try await client.setReading(true)
            #expect(try await client.endsWithReset())
            #expect(try await server.counters().aborted == 1)
        }
    }

    @Test func halfClosedClientGetsItsResponseAndASilentOneIsCut() async throws {
        try await withServer {
            $0.halfClosedTimeout = .milliseconds(50)
        } _: { server, client in
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok")
            try await client.shutdown()
            #expect(await client.receiveAll().hasSuffix("\r\n\r\nok"))
            let silent = try await RawPeer.connect(to: server.address, loop: server.loop)
            try await silent.send("DELETE / HTTP/1.0\r\n\r\n")
            _ = await silent.receive("begun")
            try await silent.shutdown()
            #expect(try await silent.endsWithReset())
            #expect(try await server.counters().aborted == 1)
            try await silent.close()
        }
    }

    @Test func requestsInAPipelineOfAHalfClosedClientAreAllAnswered() async throws {
        try await withServer { server, client in
            try await client.setReading(false)
            try await client.send(String(repeating: Self.bulk(16 * 1024), count: 1000) + "GET / HTT")
            try await client.shutdown()
            try await client.setReading(true)
            let all = await client.receive { _, ended in ended }
            #expect(all.count > 1000 * 16 * 1024)
            #expect(try await server.counters().requests == 1000)
        }
    }

    @Test func errorToAnOldClientThatKeepsItsConnectionSaysCloseAndCloses() async throws {
        try await withLoop { loop in
            let proxy = try await ProxyFixture.start(loop, backends: []) { $0.waitTimeout = .milliseconds(20) }
            let client = try await RawPeer.connect(to: proxy.address, loop: loop)
            try await client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let answer = await client.receiveAll()
            #expect(answer.hasPrefix("HTTP/1.1 503 "))
            #expect(answer.contains("Connection: close\r\n"))
            try await client.close()
            try await proxy.close()
        }
    }

    @Test func bodyThatStopsIsLate() async throws {
        try await withServer {
            $0.idleTimeout = .milliseconds(60)
            $0.headerTimeout = .seconds(60)
        } _: { server, client in
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab")
            #expect(await client.receiveAll().hasPrefix("HTTP/1.1 408 "))
            #expect(try await server.counters().requestsInFlight == 0)
        }
    }

    @Test func lingeringEndsThoughTheClientSendsOn() async throws {
        try await withServer {
            $0.lingerTimeout = .milliseconds(60)
        } _: { server, client in
            try await client.send("nonsense\r\n\r\n")
            _ = await client.receive("\r\n\r\n")
            while try await server.counters().openConnections > 0 { try await client.send("more") }
        }
    }

    @Test(arguments: [("2\r\nbo\r\n2\r\ndy\r\n", "200"), ("2\r\nbo\r\n3\r\ndys\r\n", "413")])
    func chunkedBodyIsBoundedByItsContent(_ chunks: String, _ status: String) async throws {
        try await withServer {
            $0.limits.bodyBytes = 4
        } _: { _, client in
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)0\r\n\r\n")
            #expect(await client.receive("\r\n\r\n").hasPrefix("HTTP/1.1 \(status) "))
        }
    }

    @Test func connectionsPastTheRefusedOnesAreReset() async throws {
        try await withServer {
            $0.maximumConnections = 1
            $0.maximumRefusals = 1
            // Until the end of the test the refused one is there.
            $0.lingerTimeout = .seconds(60)
        } _: { server, client in
            try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
            _ = await client.receive("\r\n\r\nx")
            let refused = try await RawPeer.connect(to: server.address, loop: server.loop)
            #expect(await refused.receive("connections\n").hasPrefix("HTTP/1.1 503 "))
            let reset = try await RawPeer.connect(to: server.address, loop: server.loop)
            #expect(try await reset.endsWithReset())
            #expect(try await server.counters().openConnections == 2)
            for peer in [refused, reset] { try await peer.close() }
            // Its place is free again.
            try await eventually("one connection is left") { try await server.counters().openConnections <= 1 }
            let next = try await RawPeer.connect(to: server.address, loop: server.loop)
            #expect(await next.receive("connections\n").hasPrefix("HTTP/1.1 503 "))
            try await next.close()
        }
    }

    @Test func connectionsFollowTheDescriptorsOfTheProcess() {
        let spare = HTTPServerConfiguration.reservedDescriptors
        #expect(HTTPServerConfiguration.connections(forDescriptors: spare + 1024) == 512)
        #expect(HTTPServerConfiguration.connections(forDescriptors: spare + 32 * 1024 - 1) == 16 * 1024 - 1)
        #expect(HTTPServerConfiguration.connections(forDescriptors: 1 << 30) == 16 * 1024)
        #expect(HTTPServerConfiguration.connections(forDescriptors: 3) == 1)
    }

    @Test func serverThatHasEndedDoesNotStart() async throws {
        try await withLoop { loop in
            try await loop.run {
                let server = HTTPServer(loop: loop) { EchoHandler($0) }
                var drains = 0
                server.drain { drains += 1 }
                server.drain { drains += 1 }
                #expect(drains == 2)
                let error = #expect(throws: UVError.self) { try server.start(address: .ip("127.0.0.1", port: 0)) }
                #expect(error?.name == "ECANCELED")
                #expect(server.localAddress == nil)
            }
        }
    }

    @Test func heldBytesAreTakenFromTheFrontWithoutMovingTheRest() {
        var held = HeldBytes()
        var expected: [UInt8] = []
        var next: UInt8 = 0
        for step in 0..<2000 {
            let piece = (0..<(step % 7)).map { _ in
                next &+= 1
                return next
            }
            unsafe held.append(piece.span.bytes)
            expected += piece
            let count = min(expected.count, step % 5)
            held.consume(count)
            expected.removeFirst(count)
            let left = held.count
            #expect(left == expected.count)
            if step % 100 == 0 {
                let bytes = held.withBytes { bytes in (0..<bytes.byteCount).map { bytes.byte($0) } }
                #expect(bytes == expected)
            }
        }
        held.consume(held.count)
        let isEmpty = held.isEmpty
        #expect(isEmpty)
    }
}
