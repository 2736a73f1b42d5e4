import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

@Suite struct RPCHostileTests {
    @Test(arguments: [
        [UInt8](repeating: 0, count: 16), [UInt8](repeating: 0xff, count: 16), Array("GET / HTTP/1.1\r\n\r\n".utf8),
        // A hello of 16 MiB, a request before any hello, and a hello that ends in its secret.
        [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0, 1, 8, 0, 0, 0, 0, 0, 0, 0x57, 0x56, 0x52, 0x31, 1, 1, 1, 1],
    ])
    func `a stranger's bytes end its connection and nobody else's`(_ bytes: [UInt8]) async throws {
        try await withRPC { server, channel, _ in
            try await expectClosed(by: server, on: channel.core.loop, afterSending: bytes)
            let answer = try await channel.call(.echo, [1])
            #expect(answer == [1])
        }
    }

    @Test func `a peer that says nothing is disconnected after the connect timeout`() async throws {
        var limits = RPCLimits()
        limits.connectTimeout = .milliseconds(30)
        try await withRPC(limits: limits, clientLimits: RPCLimits()) { server, channel, _ in
            try await expectClosed(by: server, on: channel.core.loop, afterSending: [1])
        }
    }

    @Test func `strangers that say nothing keep out no more than their limit, and no peer that is known`() async throws
    {
        var limits = RPCLimits()
        limits.maximumGreetings = 2
        try await withRPC(limits: limits, clientLimits: RPCLimits()) { server, channel, _ in
            _ = try await channel.call(.echo)
            let loop = channel.core.loop
            let silent = [
                try await RawPeer.connect(to: server.address, loop: loop),
                try await RawPeer.connect(to: server.address, loop: loop),
            ]
            for peer in silent { try await peer.send([1]) }
            try await expectClosed(by: server, on: loop, afterSending: [])
            let answer = try await channel.call(.echo, [1])
            #expect(answer == [1])
            for peer in silent { try await peer.close() }
            // Their places are free again.
            let other = RPCChannel(loop: loop, address: server.address, hello: try .test())
            try await eventually("a place is free") { (try? await other.call(.echo, [2])) == [2] }
            await other.close()
        }
    }

    @Test func `a read that begins many calls gives others their turn and loses none`() async throws {
        var limits = RPCLimits()
        limits.callsPerTurn = 1
        try await withRPC(limits: limits, clientLimits: RPCLimits()) { _, channel, _ in
            let answers = try await withThrowingTaskGroup(of: [UInt8].self) { group in
                for index in 0..<200 { group.addTask { try await channel.call(.echo, [UInt8(index)]) } }
                return try await group.reduce(into: Set<UInt8>()) { $0.formUnion($1) }
            }
            #expect(answers.count == 200)
        }
    }

    @Test func `a request whose header is garbage fails alone`() async throws {
        try await withRPC { server, channel, _ in
            _ = try await channel.call(.echo)
            let core = channel.core
            // Unknown flags, then a truncated header: both are answered to ids that nobody waits for.
            try await core.loop.run {
                core.connection?.write(frame(id: 99, [UInt8](repeating: 0xff, count: 17)))
                core.connection?.write(frame(id: 98, [1]))
            }
            let answer = try await channel.call(.echo, [1])
            #expect(answer == [1])
        }
    }

    @Test func `a request whose header is garbage is answered as such`() async throws {
        try await withRPC { server, channel, _ in
            let loop = channel.core.loop
            let peer = try await RawPeer.connect(to: server.address, loop: loop)
            let garbage = rawFrame(id: 99, [UInt8](repeating: 0xff, count: 17)) + rawFrame(id: 98, [1])
            try await peer.send(try rawHello(.test()) + garbage)
            let bytes = await peer.receive { bytes, _ in rawErrors(in: bytes).count == 2 }
            #expect(rawErrors(in: bytes) == [99: .badArguments, 98: .badArguments])
            try await peer.close()
        }
    }

    @Test func `two calls in flight with one id end the connection`() async throws {
        try await withRPC { server, channel, record in
            let gated = Task { try await channel.call(.gated) }
            try await eventually("it runs") { record.startedCount == 1 }
            let core = channel.core
            try await core.loop.run {
                // The id of the first call of a channel.
                core.connection?.write(frame(id: 1 << 32, [UInt8](repeating: 0, count: 21)))
            }
            let error = await #expect(throws: CallError.self) { try await gated.value }
            #expect(error?.code == .connectionLost)
            #expect((error?.cause as? CallError)?.code == .internalError)
            #expect(error?.mayHaveRun == true)
        }
    }

    private func frame(id: UInt64, _ payload: [UInt8]) -> OutputBuffer {
        var output = OutputBuffer()
        output.append(rawFrame(id: id, payload))
        return output
    }

    private func expectClosed(by server: RPCServer, on loop: EventLoop, afterSending bytes: [UInt8]) async throws {
        let stranger = Stranger(bytes)
        try await loop.run {
            _ = try ByteStream.connect(to: server.address, loop: loop, timeout: .seconds(5), delegate: stranger)
        }
        await stranger.closed.wait()
    }
}

/// Sends some bytes and waits for the end of the connection.
final class Stranger: ByteStreamDelegate, @unchecked Sendable {
    // Used on the loop's thread only.
    let closed = Promise<Void>()
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func streamDidConnect(_ stream: ByteStream) {
        stream.startReading()
        stream.write(owned: WritePiece(bytes))
    }

    func stream(_ stream: ByteStream, didRead bytes: RawSpan) {}
    func streamDidReachEnd(_ stream: ByteStream) { stream.close() }
    func streamDidClose(_ stream: ByteStream, error: UVError?) { closed.fulfil(()) }
}
