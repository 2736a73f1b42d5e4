import HTTPTypes
import Synchronization
import TestSupport
import Testing
import WeaverLoop

@testable import WeaverRuntime

@Suite(.timeLimit(.minutes(1)))
struct UpgradeTests {
    private struct Failure: Error {}

    private static let fields = "HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: other, Echo/1\r\n"
    private static let request = "GET / \(fields)\r\n"
    private static let head =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo/1\r\nConnection: upgrade\r\nX-Own: 1\r\n\r\n"

    private static func upgrade(
        _ writer: HTTPResponseWriter, _ body: (HTTPTunnel) async throws -> Void
    ) async throws {
        let own = try #require(HTTPField.Name("X-Own"))
        try await writer.upgrade(to: "echo/1", headers: [own: "1", .connection: "x", .contentLength: "7"], body)
    }

    @Test(arguments: [RunsOn.loop, .pool])
    func `bytes pass both ways, those behind the request first`(_ place: RunsOn) async throws {
        try await withServer(runsOn: place) { _, body, writer in
            try await Self.upgrade(writer) { tunnel in
                for try await bytes in tunnel { try await tunnel.write(bytes) }
                try await tunnel.write("end")
            }
        } _: { client, _ in
            try await client.send(Self.request + "first")
            #expect(await client.receive("first") == Self.head + "first")
            for turn in 0..<10 {
                try await client.send("<\(turn)>")
                #expect(await client.receive("<\(turn)>").hasSuffix("<\(turn)>"))
            }
            try await client.shutdown()
            #expect(await client.receiveAll().hasSuffix("<9>end"))
        }
    }

    @Test(arguments: [
        "", "Connection: Upgrade\r\nUpgrade: other\r\n", "Upgrade: echo/1\r\n",
        "Connection: Upgrade\r\nUpgrade: h2c, echo/2\r\n",
    ])
    func `what was not offered is advised, and the connection goes on`(_ fields: String) async throws {
        try await withServer { request, _, writer in
            if request.path == "/other" { return try await writer.respond(body: "other") }
            try await Self.upgrade(writer) { _ in Issue.record("upgraded") }
        } _: { client, _ in
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
            let answer = await client.receive("offer echo/1\n")
            #expect(answer.hasPrefix("HTTP/1.1 426 Upgrade Required\r\n"))
            #expect(answer.contains("\r\nUpgrade: echo/1\r\n") && answer.contains("\r\nConnection: upgrade\r\n"))
            try await client.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await client.receive("\r\n\r\nother").hasSuffix("other"))
        }
    }

    @Test func `a protocol is not changed inside of a request, nor behind a head`() async throws {
        try await withServer { request, body, writer in
            if request.path == "/late" { try await writer.writeHead(HTTPResponse(status: .ok)) }
            do {
                try await Self.upgrade(writer) { _ in Issue.record("upgraded") }
            } catch {
                #expect((error as? HTTPError)?.code == .invalidState)
            }
            guard request.path != "/late" else { return }
            let bytes = try await body.collect(upTo: 10)
            try await Self.upgrade(writer) { tunnel in try await tunnel.write(bytes) }
        } _: { client, address in
            try await client.send("GET /late \(Self.fields)\r\n")
            #expect(await client.receive("0\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
            try await client.forget()
            try await client.send("POST / \(Self.fields)Content-Length: 4\r\n\r\nbo")
            try await client.send("dy")
            #expect(await client.receive("body") == Self.head + "body")
        }
    }

    @Test func `our side ends first, and the client's goes on`() async throws {
        try await withServer { _, _, writer in
            try await Self.upgrade(writer) { tunnel in
                try await tunnel.finish()
                do {
                    try await tunnel.write("late")
                    Issue.record("written")
                } catch {
                    #expect((error as? HTTPError)?.code == .invalidState)
                }
                var received: [UInt8] = []
                for try await bytes in tunnel { received += bytes }
                #expect(received == Array("still here".utf8))
            }
        } _: { client, _ in
            try await client.send(Self.request)
            #expect(await client.receiveAll() == Self.head)
            try await client.send("still here")
            try await client.shutdown()
        }
    }

    @Test func `a handler that returns ends in order though the client still sends`() async throws {
        try await withServer { _, _, writer in
            try await Self.upgrade(writer) { tunnel in
                for try await _ in tunnel { break }
                try await tunnel.write("enough")
            }
        } _: { client, _ in
            try await client.send(Self.request)
            _ = await client.receive("\r\n\r\n")
            try await client.send([UInt8](repeating: 1, count: 4 << 20))
            #expect(await client.receiveAll() == Self.head + "enough")
            try await client.shutdown()
            #expect(try await !client.endsWithReset())
        }
    }

    @Test func `a handler that throws cuts the connection`() async throws {
        try await withServer { _, _, writer in
            try await Self.upgrade(writer) { tunnel in
                try await tunnel.write("part")
                throw Failure()
            }
        } _: { client, _ in
            try await client.send(Self.request)
            #expect(await client.receiveAll() == Self.head + "part")
            #expect(try await client.endsWithReset())
        }
    }

    @Test func `a client that breaks the connection ends reader, writer and task`() async throws {
        let reader = Promise<(any Error)?>()
        let isCancelled = Promise<Bool>()
        var configuration = HTTPServerConfiguration.application
        configuration.tunnelLeaveTimeout = .milliseconds(40)
        try await withServer(configuration: configuration) { _, _, writer in
            try await Self.upgrade(writer) { tunnel in
                do {
                    for try await _ in tunnel {}
                    reader.fulfil(nil)
                } catch {
                    reader.fulfil(error)
                }
                await #expect(throws: HTTPError.self) { try await tunnel.write("x") }
                try? await Task.sleep(for: .seconds(3600))
                isCancelled.fulfil(Task.isCancelled)
            }
        } _: { client, _ in
            try await client.send(Self.request)
            _ = await client.receive("\r\n\r\n")
            try await client.reset()
            #expect((await reader.wait() as? HTTPError)?.code == .clientGone)
            #expect(await isCancelled.wait())
        }
    }

    @Test(arguments: [true, false])
    func `a broken connection cancels no clean-up of who has heard of the end`(_ reads: Bool) async throws {
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let (gate, open) = AsyncStream<Void>.makeStream()
        let isCancelled = Promise<Bool>()
        var configuration = HTTPServerConfiguration.application
        configuration.drainGrace = .zero
        configuration.tunnelDrainTimeout = .milliseconds(40)
        configuration.tunnelLeaveTimeout = .seconds(3600)
        try await withLoop { loop in
            let server = HTTPListenerServer(loop: loop, configuration: configuration) { _, _, writer in
                try await Self.upgrade(writer) { tunnel in
                    if reads { for try await _ in tunnel {} }
                    begin.finish()
                    for await _ in gate {}
                    isCancelled.fulfil(Task.isCancelled)
                }
            }
            let address = try await server.start(address: .ip("127.0.0.1", port: 0))
            let client = try await RawPeer.connect(to: address, loop: loop)
            try await client.send(Self.request)
            _ = await client.receive("\r\n\r\n")
            try await client.shutdown()
            for await _ in begun {}
            // Cuts the tunnel.
            async let drained: Void = server.drain()
            try await server.awaitNoConnection()
            open.finish()
            #expect(await isCancelled.wait() == !reads)
            await drained
        }
    }

    @Test(arguments: [RunsOn.loop, .pool])
    func `who does not take holds the other side back, both ways`(_ place: RunsOn) async throws {
        let size = 64 << 20
        let (gate, open) = AsyncStream<Void>.makeStream()
        try await withLoop { loop in
            let server = HTTPListenerServer(loop: loop, runsOn: place) { _, _, writer in
                try await Self.upgrade(writer) { tunnel in
                    for await _ in gate {}
                    // Echoed to a client that takes nothing before it has sent all.
                    for try await bytes in tunnel { try await tunnel.write(bytes) }
                }
            }
            let address = try await server.start(address: .ip("127.0.0.1", port: 0))
            let client = try await RawPeer.connect(to: address, loop: loop)
            try await client.send(Self.request)
            _ = await client.receive("\r\n\r\n")
            try await client.setReading(false)
            try await client.send([UInt8](repeating: 7, count: size))
            func settle() async throws -> Int {
                var last = -1
                while true {
                    let held = try await server.bufferedBytes()
                    let marks = ReceivedBytes.highWaterMark + HTTPServerConfiguration().responseHighWaterMark
                    #expect(held <= marks + 3 * EventLoop.readBufferSize)
                    let left = try await client.unsentBytes()
                    if left == last, held > 0 { return left }
                    last = left
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
            #expect(try await settle() > size / 2)
            open.finish()
            #expect(try await settle() > size / 4)
            try await client.setReading(true)
            try await client.shutdown()
            let echoed = await client.receive { _, ended in ended }
            #expect(echoed.count == Self.head.utf8.count + size)
            try await client.close()
            await server.drain()
        }
    }

    @Test func `a tunnel that goes on is cut a while after the drain began`() async throws {
        try await withLoop { loop in
            var configuration = HTTPServerConfiguration.application
            configuration.drainGrace = .zero
            configuration.tunnelDrainTimeout = .milliseconds(40)
            let server = HTTPListenerServer(loop: loop, configuration: configuration) { _, _, writer in
                try await Self.upgrade(writer) { tunnel in for try await _ in tunnel {} }
            }
            let address = try await server.start(address: .ip("127.0.0.1", port: 0))
            let client = try await RawPeer.connect(to: address, loop: loop)
            try await client.send(Self.request)
            _ = await client.receive("\r\n\r\n")
            await server.drain()
            #expect(try await client.endsWithReset())
        }
    }
}
