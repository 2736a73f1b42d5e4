import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

/// Nobody waits for ever for a loop that has ended.
@Suite(.timeLimit(.minutes(1)))
struct EndedLoopTests {
    @Test func `a handler that writes after the end of its loop hears that the client is gone`() async throws {
        let loop = try EventLoop(name: "ended")
        let (began, gate, outcome) = (Promise<Void>(), Promise<Void>(), Promise<String>())
        let server = HTTPListenerServer(loop: loop, runsOn: .pool) { _, _, writer in
            began.fulfil(())
            await gate.wait()
            do {
                try await writer.respond(body: "late")
                outcome.fulfil("it has written")
            } catch {
                outcome.fulfil("\(error)")
                throw error
            }
        }
        let address = try await server.start(address: .ip("127.0.0.1", port: 0))
        try await withLoop { clients in
            let client = try await RawPeer.connect(to: address, loop: clients)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await began.wait()
            await loop.end()
            gate.fulfil(())
            #expect(await outcome.wait() == "client gone: the client closed the connection")
            try await client.close()
        }
    }

    @Test func `a server whose loop has ended is drained, and nothing else can be done with it`() async throws {
        let loop = try EventLoop(name: "ended")
        let server = HTTPListenerServer(loop: loop) { _, _, _ in }
        await loop.end()
        await server.drain()
        await #expect(throws: EventLoop.Ended.self) { try await server.bufferedBytes() }
        await #expect(throws: EventLoop.Ended.self) { try await server.close() }
    }

    @Test func `a handler behind its response hears of a drain after the end of its loop`() async throws {
        let loop = try EventLoop(name: "ended")
        let server = HTTPListenerServer(loop: loop, runsOn: .pool) { _, _, writer in
            try await writer.respond(body: "answer")
            try await writer.cancelOnDrain { try await Task.sleep(for: .seconds(3600)) }
        }
        let address = try await server.start(address: .ip("127.0.0.1", port: 0))
        try await withLoop { clients in
            let client = try await RawPeer.connect(to: address, loop: clients)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = await client.receive("answer")
            await loop.end()
            await server.drain()
            try await client.close()
        }
    }
}
