import HTTPTypes
import Synchronization
import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

/// Frames that a server has sent, behind the head of its answer.
private struct ServerFrames: Equatable {
    struct Frame: Equatable {
        var opcode: WebSocketOpcode
        var payload: [UInt8]
    }

    var frames: [Frame] = []

    init(_ received: [UInt8]) {
        guard let head = received.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
        var rest = received[head.upperBound...]
        while rest.count >= 2 {
            let first = rest[rest.startIndex]
            let size = rest[rest.startIndex + 1] == 127 ? 8 : rest[rest.startIndex + 1] == 126 ? 2 : 0
            guard rest.count >= 2 + size else { return }
            let extended = rest.dropFirst(2).prefix(size).reduce(0) { $0 << 8 | Int($1) }
            let count = size == 0 ? Int(rest[rest.startIndex + 1]) : extended
            guard rest.count >= 2 + size + count, let opcode = WebSocketOpcode(rawValue: first & 0x0f) else { return }
            frames.append(Frame(opcode: opcode, payload: Array(rest.dropFirst(2 + size).prefix(count))))
            rest = rest.dropFirst(2 + size + count)
        }
    }

    /// The code of a close frame at the end.
    var closeCode: WebSocketCloseCode? {
        guard let last = frames.last, last.opcode == .close else { return nil }
        return (try? WebSocketClose(payload: last.payload))?.code
    }
}

@Suite(.timeLimit(.minutes(1)))
struct WebSocketTests {
    private struct Failure: Error {}

    private static func request(_ fields: String = "Sec-WebSocket-Version: 13\r\n") -> String {
        "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\(fields)\r\n"
    }

    private static let echo: HTTPHandler = { _, _, writer in
        try await writer.upgradeToWebSocket(subprotocols: ["best", "good"]) { socket in
            for try await message in socket { try await socket.send(message) }
        }
    }

    /// Opens a WebSocket.
    private func open(_ client: RawPeer) async throws {
        try await client.send(Self.request())
        #expect(await client.receive("\r\n\r\n").hasPrefix("HTTP/1.1 101 "))
    }

    private func receive(_ client: RawPeer, count: Int) async -> [ServerFrames.Frame] {
        ServerFrames(await client.receive { bytes, ended in ended || ServerFrames(bytes).frames.count >= count }).frames
    }

    private func receiveAll(_ client: RawPeer) async -> ServerFrames {
        ServerFrames(await client.receive { _, ended in ended })
    }

    @Test(arguments: [RunsOn.loop, .pool])
    func `messages are echoed, pings answered, and a close is answered by its code`(_ place: RunsOn) async throws {
        try await withServer(runsOn: place, Self.echo) { client, _ in
            // What comes with the request is read behind it.
            try await client.send(Array(Self.request().utf8) + ClientFrame.text("first"))
            let answer = await client.receive("first")
            #expect(answer.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
            #expect(!answer.contains("Sec-WebSocket-Protocol"))
            try await client.send(
                ClientFrame.bytes(1, Array("par".utf8), isFinal: false) + ClientFrame.bytes(9, [1, 2])
                    + ClientFrame.bytes(0, Array("ts".utf8)) + ClientFrame.bytes(2, [0, 255])
                    + ClientFrame.bytes(2, [UInt8](repeating: 7, count: 70000)))
            let echoed = await receive(client, count: 5)
            // The pong is in no order with what the handler sends.
            #expect(echoed.filter { $0.opcode == .pong } == [.init(opcode: .pong, payload: [1, 2])])
            #expect(
                echoed.filter { $0.opcode != .pong } == [
                    .init(opcode: .text, payload: Array("first".utf8)),
                    .init(opcode: .text, payload: Array("parts".utf8)),
                    .init(opcode: .binary, payload: [0, 255]),
                    .init(opcode: .binary, payload: [UInt8](repeating: 7, count: 70000)),
                ])
            try await client.send(ClientFrame.close(4000, "bye"))
            let frames = await receiveAll(client).frames
            #expect(frames.last == .init(opcode: .close, payload: [0x0f, 0xa0]))
            #expect(try await !client.endsWithReset())
        }
    }

    @Test func `a subprotocol is chosen and told`() async throws {
        try await withServer(Self.echo) { client, _ in
            let fields = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: other, good\r\n"
            try await client.send(Self.request(fields + "Sec-WebSocket-Protocol: best\r\n"))
            let answer = await client.receive("\r\n\r\n")
            #expect(answer.contains("\r\nSec-WebSocket-Protocol: best\r\n"))
            #expect(!answer.contains("Sec-WebSocket-Extensions"))
        }
    }

    @Test func `what is no opening handshake is told what is missing`() async throws {
        let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
        let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        for (method, fields, status) in [
            ("GET", "", 426), ("GET", "\(upgrade)\(key)", 426),
            ("GET", "\(upgrade)\(key)Sec-WebSocket-Version: 8\r\n", 426),
            ("GET", "\(upgrade)Sec-WebSocket-Version: 13\r\n", 400),
            ("POST", "\(upgrade)\(key)Sec-WebSocket-Version: 13\r\nContent-Length: 0\r\n", 400),
            ("GET", "\(upgrade)\(key)Sec-WebSocket-Version: 13\r\nContent-Length: 5\r\n", 400),
            ("GET", "\(upgrade)\(key)Sec-WebSocket-Version: 13\r\nTransfer-Encoding: chunked\r\n", 400),
        ] {
            try await withServer(Self.echo) { client, _ in
                try await client.send("\(method) / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
                let answer = await client.receive("\r\n\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(method) \(fields)")
                #expect(answer.contains("\r\nSec-WebSocket-Version: 13\r\n") == (status == 426))
                #expect(answer.contains("\r\nUpgrade: websocket\r\n") == (status == 426))
            }
        }
    }

    @Test func `a client that closes ends the messages, and the handler goes on with what it has to do`() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        let outcome = Promise<(WebSocketClose?, Bool)>()
        try await withLoop { loop in
            let server = HTTPListenerServer(loop: loop) { _, _, writer in
                try await writer.upgradeToWebSocket { socket in
                    for try await _ in socket { Issue.record("a message") }
                    await #expect(throws: HTTPError.self) { try await socket.send("late") }
                    for await _ in gate {}
                    outcome.fulfil((socket.clientClose, Task.isCancelled))
                }
            }
            let address = try await server.start(address: .ip("127.0.0.1", port: 0))
            let client = try await RawPeer.connect(to: address, loop: loop)
            try await self.open(client)
            try await client.send(ClientFrame.close(1001, "away"))
            #expect(await receiveAll(client).closeCode == .goingAway)
            try await client.close()
            try await server.awaitNoConnection()
            open.finish()
            let (close, isCancelled) = await outcome.wait()
            await server.drain()
            #expect(close == WebSocketClose(code: .goingAway, reason: "away") && !isCancelled)
        }
    }

    @Test(arguments: [RunsOn.loop, .pool])
    func `a clean close cancels nobody who handles messages that came before it`(_ place: RunsOn) async throws {
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let (gate, open) = AsyncStream<Void>.makeStream()
        let outcome = Promise<([WebSocketMessage], [HandlerState])>()
        var configuration = HTTPServerConfiguration.application
        configuration.tunnelLeaveTimeout = .seconds(3600)
        try await withLoop { loop in
            let server = HTTPListenerServer(loop: loop, configuration: configuration, runsOn: place) { _, _, writer in
                try await writer.upgradeToWebSocket { socket in
                    var saved: [WebSocketMessage] = []
                    var states: [HandlerState] = []
                    for try await message in socket {
                        begin.finish()
                        for await _ in gate {}
                        if !Task.isCancelled { saved.append(message) }
                        states.append(socket.tunnel.handlerState)
                    }
                    outcome.fulfil((saved, states + [socket.tunnel.handlerState]))
                }
            }
            let address = try await server.start(address: .ip("127.0.0.1", port: 0))
            let client = try await RawPeer.connect(to: address, loop: loop)
            try await self.open(client)
            let messages = ["one", "two", "three"]
            try await client.send(messages.flatMap(ClientFrame.text) + ClientFrame.close(1000))
            #expect(await receiveAll(client).closeCode == .normal)
            for await _ in begun {}
            try await client.close()
            try await server.awaitNoConnection()
            open.finish()
            let (saved, states) = await outcome.wait()
            await server.drain()
            #expect(saved == messages.map { .text($0) })
            // Each message has the whole time: the state of one is not that of the next.
            #expect(states == [.busy(takes: 1), .busy(takes: 2), .busy(takes: 3), .told])
        }
    }

    @Test(arguments: [false, true])
    func `a handler that takes nothing more is cancelled a while after its client has closed`(
        _ takesOne: Bool
    ) async throws {
        let isCancelled = Promise<Bool>()
        var configuration = HTTPServerConfiguration.application
        configuration.tunnelLeaveTimeout = .milliseconds(40)
        try await withServer(configuration: configuration) { _, _, writer in
            try await writer.upgradeToWebSocket { socket in
                var messages = socket.makeAsyncIterator()
                if takesOne {
                    let first = try await messages.next()
                    #expect(first == .text("one"))
                }
                try? await Task.sleep(for: .seconds(3600))
                isCancelled.fulfil(Task.isCancelled)
            }
        } _: { client, _ in
            try await open(client)
            try await client.send(ClientFrame.text("one") + ClientFrame.text("two") + ClientFrame.close(1000))
            #expect(await receiveAll(client).closeCode == .normal)
            try await client.close()
            #expect(await isCancelled.wait())
        }
    }

    @Test func `a closed WebSocket's handler has ten seconds for a message`() {
        #expect(HTTPServerConfiguration.application.tunnelLeaveTimeout == .seconds(10))
    }

    @Test func `a handler that takes no messages is cancelled at once when its client has closed`() async throws {
        let isCancelled = Promise<Bool>()
        var configuration = HTTPServerConfiguration.application
        configuration.tunnelLeaveTimeout = .seconds(3600)
        try await withServer(configuration: configuration) { _, _, writer in
            try await writer.upgradeToWebSocket { _ in
                try? await Task.sleep(for: .seconds(3600))
                isCancelled.fulfil(Task.isCancelled)
            }
        } _: { client, _ in
            try await open(client)
            try await client.send(ClientFrame.close(1000))
            #expect(await receiveAll(client).closeCode == .normal)
            try await client.close()
            #expect(await isCancelled.wait())
        }
    }

    @Test(arguments: [(false, 1000), (true, 1011)] as [(Bool, UInt16)])
    func `the end of the handler closes`(_ throwing: Bool, _ code: UInt16) async throws {
        try await withServer { _, _, writer in
            try await writer.upgradeToWebSocket { socket in
                try await socket.send("one")
                if throwing { throw Failure() }
            }
        } _: { client, _ in
            try await open(client)
            let frames = await receive(client, count: 2)
            #expect(
                frames == [
                    .init(opcode: .text, payload: Array("one".utf8)),
                    .init(opcode: .close, payload: [UInt8(code >> 8), UInt8(code & 0xff)]),
                ])
            // Messages that were on their way are of no use to anybody.
            try await client.send(ClientFrame.text("late") + ClientFrame.close(code))
            #expect(await receiveAll(client).frames.count == 2)
            #expect(try await !client.endsWithReset())
        }
    }

    @Test func `what the client has sent before it answers our close is still taken`() async throws {
        let taken = Promise<[WebSocketMessage]>()
        try await withServer { _, _, writer in
            try await writer.upgradeToWebSocket { socket in
                await #expect(throws: HTTPError.self) { try await socket.close(WebSocketCloseCode(rawValue: 1005)) }
                try await socket.close(.policyViolation, reason: "rules")
                var messages: [WebSocketMessage] = []
                for try await message in socket { messages.append(message) }
                taken.fulfil(messages)
            }
        } _: { client, _ in
            try await open(client)
            #expect(await receive(client, count: 1).first?.payload == [0x03, 0xf0] + "rules".utf8)
            try await client.send(ClientFrame.text("late") + ClientFrame.close(1008))
            #expect(await taken.wait() == [.text("late")])
            #expect(await receiveAll(client).frames.count == 1)
        }
    }

    @Test func `a client that does not answer our close is cut after a while`() async throws {
        var configuration = HTTPServerConfiguration.application
        configuration.webSocketCloseTimeout = .milliseconds(40)
        configuration.halfClosedTimeout = .milliseconds(40)
        try await withServer(configuration: configuration) { _, _, writer in
            try await writer.upgradeToWebSocket { _ in }
        } _: { client, _ in
            try await open(client)
            #expect(await receiveAll(client).closeCode == .normal)
            #expect(try await client.endsWithReset())
        }
    }

    @Test func `what is no frame ends the connection, and the handler hears why`() async throws {
        for (bytes, code) in [
            ([0x81, 0x00], .protocolError), (ClientFrame.bytes(1, [0xff]), .invalidPayload),
            (ClientFrame.bytes(2, [1, 2, 3, 4, 5]), .messageTooBig),
        ] as [([UInt8], WebSocketCloseCode)] {
            let ending = Promise<(any Error)?>()
            try await withServer { _, _, writer in
                do {
                    try await writer.upgradeToWebSocket(messageLimit: 4) { socket in
                        for try await message in socket { try await socket.send(message) }
                    }
                    ending.fulfil(nil)
                } catch {
                    ending.fulfil(error)
                    throw error
                }
            } _: { client, _ in
                try await open(client)
                try await client.send(ClientFrame.bytes(2, [1, 2, 3, 4]))
                #expect(await receive(client, count: 1).count == 1, "a message of the limit's size passes")
                try await client.send(bytes)
                let received = await receiveAll(client)
                #expect(received.frames.count == 2 && received.closeCode == code)
                #expect((await ending.wait() as? HTTPError)?.code == .clientFault)
            }
        }
    }

    @Test(arguments: [true, false])
    func `a client that leaves without a word is an error to who reads`(_ resets: Bool) async throws {
        let ending = Promise<(any Error)?>()
        try await withServer { _, _, writer in
            try await writer.upgradeToWebSocket { socket in
                do {
                    for try await _ in socket {}
                    ending.fulfil(nil)
                } catch {
                    ending.fulfil(error)
                }
            }
        } _: { client, _ in
            try await open(client)
            if resets { try await client.reset() } else { try await client.shutdown() }
            #expect((await ending.wait() as? HTTPError)?.code == .clientGone)
        }
    }

    @Test func `a server that drains says so, and ends when its clients have answered`() async throws {
        try await withLoop { loop in
            var configuration = HTTPServerConfiguration.application
            configuration.drainGrace = .zero
            configuration.tunnelDrainTimeout = .seconds(3600)
            configuration.webSocketCloseTimeout = .seconds(3600)
            let server = HTTPListenerServer(loop: loop, configuration: configuration, handler: Self.echo)
            let address = try await server.start(address: .ip("127.0.0.1", port: 0))
            let client = try await RawPeer.connect(to: address, loop: loop)
            try await open(client)
            async let drained: Void = server.drain()
            #expect(await receive(client, count: 1).first?.payload.prefix(2) == [0x03, 0xe9])
            try await client.send(ClientFrame.close(1001))
            #expect(await receiveAll(client).frames.count == 1)
            try await client.close()
            await drained
        }
    }

    @Test func `messages that nobody takes, and pongs that nobody reads, hold the client back`() async throws {
        for flood in [
            ClientFrame.bytes(2, [UInt8](repeating: 7, count: 1000)),
            ClientFrame.bytes(9, [UInt8](repeating: 7, count: 125)),
        ] {
            let (gate, open) = AsyncStream<Void>.makeStream()
            let taken = Promise<Int>()
            let count = (32 << 20) / flood.count
            try await withLoop { loop in
                let server = HTTPListenerServer(loop: loop) { _, _, writer in
                    try await writer.upgradeToWebSocket { socket in
                        for await _ in gate {}
                        var count = 0
                        for try await _ in socket { count += 1 }
                        taken.fulfil(count)
                    }
                }
                let address = try await server.start(address: .ip("127.0.0.1", port: 0))
                let client = try await RawPeer.connect(to: address, loop: loop)
                try await self.open(client)
                try await client.setReading(false)
                var bytes: [UInt8] = []
                for _ in 0..<count { bytes += flood }
                try await client.send(bytes + ClientFrame.close(1000))
                var last = -1
                while true {
                    let held = try await server.bufferedBytes()
                    #expect(held <= ReceivedBytes.highWaterMark + 4 * EventLoop.readBufferSize)
                    let left = try await client.unsentBytes()
                    if left == last, held > 0 { break }
                    last = left
                    try await Task.sleep(for: .milliseconds(100))
                }
                #expect(last > bytes.count / 2)
                open.finish()
                try await client.setReading(true)
                let isPing = flood[0] == 0x89
                #expect(await taken.wait() == (isPing ? 0 : count))
                let frames = await receiveAll(client).frames
                #expect(frames.count == (isPing ? count : 0) + 1)
                try await client.close()
                await server.drain()
            }
        }
    }

    @Test(arguments: [-1, 0])
    func `a flood of frames that lead to nothing gives others their turn`(_ more: Int) async throws {
        try await withServer { _, _, writer in
            try await writer.upgradeToWebSocket { socket in
                for try await _ in socket { try await socket.send("\(socket.tunnel.connection.isGivingWay)") }
            }
        } _: { client, _ in
            try await open(client)
            let pongs = WebSocketTunnel.framesPerTurn + more - 1
            // One read: the handler runs behind it, and before the next one.
            try await client.send((0..<pongs).flatMap { _ in ClientFrame.bytes(10) } + ClientFrame.text("and?"))
            let frames = await receive(client, count: 1)
            #expect(frames.map { String(decoding: $0.payload, as: UTF8.self) } == ["\(more == 0)"])
            // It goes on afterwards.
            try await client.send(ClientFrame.text("again"))
            #expect(await receive(client, count: 2).count == 2)
            try await client.send(ClientFrame.close(1000))
            #expect(await receiveAll(client).closeCode == .normal)
        }
    }

    @Test(arguments: [RunsOn.loop, .pool])
    func `several tasks send, each message whole`(_ place: RunsOn) async throws {
        let (tasks, messages) = (4, 50)
        try await withServer(runsOn: place) { _, _, writer in
            try await writer.upgradeToWebSocket { socket in
                try await withThrowingTaskGroup { group in
                    for task in 0..<tasks {
                        group.addTask {
                            let message = [UInt8](repeating: UInt8(task), count: 20_000)
                            for _ in 0..<messages { try await socket.send(message) }
                        }
                    }
                    try await group.waitForAll()
                }
                try await socket.ping()
            }
        } _: { client, _ in
            try await client.setReading(false)
            try await client.send(Self.request())
            try await client.setReading(true)
            let frames = await receive(client, count: tasks * messages + 2)
            #expect(frames.suffix(2).map(\.opcode) == [.ping, .close])
            let binary = frames.dropLast(2)
            #expect(binary.allSatisfy { frame in frame.payload == [UInt8](repeating: frame.payload[0], count: 20_000) })
            try await client.send(ClientFrame.close(1000))
        }
    }
}
