import HTTPTypes
import Synchronization
import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

/// What handlers that do not end by themselves hear of a drain, and which of them it waits for.
@Suite(.timeLimit(.minutes(1)))
struct DrainTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    /// A server that tells its handlers of a drain behind `grace`, and a client.
    private func withServer(
        runsOn: RunsOn = .loop, grace: Duration = .zero, _ handler: @escaping HTTPHandler,
        _ body: (HTTPListenerServer, RawPeer, SocketAddress) async throws -> Void
    ) async throws {
        try await withLoop { loop in
            var configuration = HTTPServerConfiguration.application
            configuration.drainGrace = grace
            configuration.tunnelDrainTimeout = .seconds(3600)
            let server = HTTPListenerServer(
                loop: loop, configuration: configuration, runsOn: runsOn, handler: handler)
            let address = try await server.start(address: .ip("127.0.0.1", port: 0))
            let client = try await RawPeer.connect(to: address, loop: loop)
            do {
                try await body(server, client, address)
            } catch {
                Issue.record(error)
            }
            try await client.close()
            await server.drain()
        }
    }

    @Test(arguments: [RunsOn.loop, .pool])
    func `a stream without an end ends in order at a drain, behind what its handler says last`(
        _ place: RunsOn
    ) async throws {
        try await withServer(runsOn: place) { _, _, writer in
            try await writer.writeHead(HTTPResponse(status: .ok))
            #expect(!writer.isDraining)
            try await writer.cancelOnDrain {
                try await writer.write("begun")
                try await Task.sleep(for: .seconds(3600))
            }
            #expect(writer.isDraining && !Task.isCancelled)
            try await writer.write("bye")
        } _: { server, client, _ in
            try await client.send(Self.get)
            _ = await client.receive("begun")
            async let drained: Void = server.drain()
            #expect(await client.receiveAll().hasSuffix("5\r\nbegun\r\n3\r\nbye\r\n0\r\n\r\n"))
            try await client.close()
            await drained
        }
    }

    @Test func `a response that ends by itself is left alone`() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        try await withServer { _, _, writer in
            try await writer.writeHead(HTTPResponse(status: .ok))
            try await writer.write("begun")
            for await _ in gate {}
            try await writer.write(Task.isCancelled ? "cancelled" : "whole")
        } _: { server, client, _ in
            try await client.send(Self.get)
            _ = await client.receive("begun")
            async let drained: Void = server.drain()
            open.finish()
            #expect(await client.receiveAll().hasSuffix("5\r\nwhole\r\n0\r\n\r\n"))
            try await client.close()
            await drained
        }
    }

    @Test func `a stream that begins when the drain has been told of ends at once`() async throws {
        try await withServer { request, _, writer in
            try await writer.writeHead(HTTPResponse(status: .ok))
            try await writer.cancelOnDrain {
                if request.path == "/first" { try await writer.write("begun") }
                try await Task.sleep(for: .seconds(3600))
            }
        } _: { server, client, address in
            try await withLoop { loop in
                let first = try await RawPeer.connect(to: address, loop: loop)
                try await first.send("GET /first HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = await first.receive("begun")
                // A head that is not complete keeps its connection.
                try await client.send("GET / HTTP/1.1\r\n")
                try await eventually("the beginning of a head") { try await server.bufferedBytes() > 0 }
                async let drained: Void = server.drain()
                #expect(await first.receiveAll().hasSuffix("0\r\n\r\n"))
                try await first.close()
                try await client.send("Host: a\r\n\r\n")
                #expect(await client.receiveAll().hasSuffix("\r\n\r\n0\r\n\r\n"))
                try await client.close()
                await drained
            }
        }
    }

    @Test func `what a stream throws besides is thrown at a drain, too`() async throws {
        struct Failure: Error {}
        let errors = Mutex<[String]>([])
        try await withServer { request, _, writer in
            try await writer.writeHead(HTTPResponse(status: .ok))
            do {
                try await writer.cancelOnDrain {
                    try await writer.write("begun")
                    try? await Task.sleep(for: .seconds(3600))
                    switch request.path {
                    case "/call": throw CallError(.cancelled, "the caller's task was cancelled", mayHaveRun: true)
                    case "/lost": throw CallError(.connectionLost, "lost", mayHaveRun: true)
                    default: throw Failure()
                    }
                }
            } catch {
                errors.withLock {
                    $0.append("\(request.path ?? ""): \((error as? CallError)?.code.description ?? "own")")
                }
                throw error
            }
        } _: { server, _, address in
            try await withLoop { loop in
                let clients = try await ["/call", "/lost", "/own"].asyncMap { path in
                    let client = try await RawPeer.connect(to: address, loop: loop)
                    try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                    _ = await client.receive("begun")
                    return client
                }
                async let drained: Void = server.drain()
                #expect(await clients[0].receiveAll().hasSuffix("begun\r\n0\r\n\r\n"))
                for client in clients[1...] { #expect(await client.receiveAll().hasSuffix("begun\r\n")) }
                for client in clients { try await client.close() }
                await drained
            }
        }
        #expect(errors.withLock { $0.sorted() } == ["/lost: connectionLost", "/own: own"])
    }

    @Test func `a client that leaves is no drain`() async throws {
        let ending = Promise<(error: (any Error)?, isDraining: Bool)>()
        try await withServer { _, _, writer in
            try await writer.writeHead(HTTPResponse(status: .ok))
            do {
                try await writer.cancelOnDrain {
                    try await writer.write("begun")
                    try await Task.sleep(for: .seconds(3600))
                }
                ending.fulfil((nil, writer.isDraining))
            } catch {
                ending.fulfil((error, writer.isDraining))
            }
        } _: { _, client, _ in
            try await client.send(Self.get)
            _ = await client.receive("begun")
            try await client.reset()
            let (error, isDraining) = await ending.wait()
            #expect(error is CancellationError && !isDraining)
        }
    }

    @Test func `a stream that ends by itself does not wait for the drain`() async throws {
        try await withServer { _, _, writer in
            try await writer.writeHead(HTTPResponse(status: .ok))
            try await writer.cancelOnDrain { try await writer.write("all") }
            #expect(!writer.isDraining && !Task.isCancelled)
        } _: { _, client, _ in
            try await client.send(Self.get)
            #expect(await client.receive("0\r\n\r\n").hasSuffix("3\r\nall\r\n0\r\n\r\n"))
        }
    }

    @Test func `a tunnel's handler hears of a drain, and says so in its own protocol`() async throws {
        try await withServer { _, _, writer in
            try await writer.upgrade(to: "echo") { tunnel in
                try await writer.cancelOnDrain {
                    for try await bytes in tunnel { try await tunnel.write(bytes) }
                }
                try await tunnel.write("bye")
            }
        } _: { server, client, _ in
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nfirst")
            _ = await client.receive("first")
            async let drained: Void = server.drain()
            #expect(await client.receiveAll().hasSuffix("\r\n\r\nfirstbye"))
            #expect(try await !client.endsWithReset())
            try await client.close()
            await drained
        }
    }

    @Test func `a handler behind its response hears of a drain that is cut before its grace is over`() async throws {
        try await withServer(grace: .seconds(3600)) { request, _, writer in
            try await writer.respond(body: "answer")
            guard request.path == "/" else { return }
            try await writer.cancelOnDrain { try await Task.sleep(for: .seconds(3600)) }
            #expect(!Task.isCancelled)
        } _: { server, client, _ in
            try await client.send(Self.get)
            _ = await client.receive("answer")
            async let drained: Void = server.drain()
            try await eventually("an answer of a server that drains") {
                try await client.forget()
                try await client.send("GET /again HTTP/1.1\r\nHost: a\r\n\r\n")
                return await client.receive("answer").lowercased().contains("connection: close")
            }
            try await server.close()
            await drained
        }
    }

    // MARK: Which handlers it waits for

    /// A drain that has not ended when `open` is called.
    private func expectDrainWaits(
        _ server: HTTPListenerServer, _ client: RawPeer, for outcome: Promise<Bool>, _ open: () -> Void
    ) async throws {
        let isDrained = Atomic<Bool>(false)
        try await withThrowingTaskGroup { group in
            group.addTask { @Sendable in
                await server.drain()
                isDrained.store(true, ordering: .relaxed)
            }
            try await client.close()
            try await server.awaitNoConnection()
            let early = isDrained.load(ordering: .relaxed)
            #expect(!early)
            open()
            #expect(await outcome.wait() == false, "it is not cancelled")
            try await group.waitForAll()
        }
    }

    @Test(arguments: [RunsOn.loop, .pool])
    func `a handler that is busy behind its closed WebSocket is waited for`(_ place: RunsOn) async throws {
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let (gate, open) = AsyncStream<Void>.makeStream()
        let isCancelled = Promise<Bool>()
        try await withServer(runsOn: place) { _, _, writer in
            try await writer.upgradeToWebSocket { socket in
                for try await _ in socket {
                    begin.finish()
                    for await _ in gate {}
                }
                isCancelled.fulfil(Task.isCancelled)
            }
        } _: { server, client, _ in
            try await client.send(
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
            try await client.send(ClientFrame.text("one") + ClientFrame.close(1000))
            for await _ in begun {}
            _ = await client.receiveAll()
            try await expectDrainWaits(server, client, for: isCancelled) { open.finish() }
        }
    }

    @Test func `a handler that is busy behind its response is waited for`() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        let isCancelled = Promise<Bool>()
        try await withServer { _, _, writer in
            try await writer.respond(body: "answer")
            for await _ in gate {}
            isCancelled.fulfil(Task.isCancelled)
        } _: { server, client, _ in
            try await client.send(Self.get)
            _ = await client.receive("answer")
            try await expectDrainWaits(server, client, for: isCancelled) { open.finish() }
        }
    }
}

extension Array where Element: Sendable {
    fileprivate func asyncMap<R>(_ transform: (Element) async throws -> R) async rethrows -> [R] {
        var results: [R] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
