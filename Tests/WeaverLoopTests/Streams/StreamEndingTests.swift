import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

/// Two connected streams on one loop, and what they heard.
struct StreamPair: @unchecked Sendable {
    // @unchecked: the streams are used on the loop's thread only.
    let client: ByteStream
    let server: ByteStream
    let atClient: StreamProbe
    let atServer: StreamProbe

    /// Connects over TCP; both ends read.
    static func make(on loop: EventLoop, address: SocketAddress = .ip("127.0.0.1", port: 0)) async throws -> StreamPair
    {
        let accepted = Promise<StreamPair>()
        try await loop.run {
            let (atClient, atServer) = (StreamProbe(), StreamProbe())
            var listener: StreamListener?
            var client: ByteStream?
            listener = try StreamListener(loop: loop, address: address) { server in
                listener?.close()
                listener = nil
                server.delegate = atServer
                server.startReading()
                guard let stream = client else { return }
                accepted.fulfil(
                    StreamPair(client: stream, server: server, atClient: atClient, atServer: atServer))
            }
            guard let address = listener?.address else { return }
            client = try ByteStream.connect(to: address, loop: loop, timeout: .seconds(10), delegate: atClient)
            client?.startReading()
        }
        return await accepted.wait()
    }
}

@Suite struct StreamEndingTests {
    @Test func `what is queued goes out before a close that waits for it`() async throws {
        try await withLoop { loop in
            let pair = try await StreamPair.make(on: loop)
            let body = [UInt8](repeating: 7, count: 3_000_000)
            try await loop.run {
                pair.client.write { $0.append([1]) }
                pair.client.write(owned: WritePiece(body))
                pair.client.closeAfterFlush()
            }
            let received = await pair.atServer.endOfInput.wait()
            #expect(received.count == 3_000_001)
            let error = await pair.atClient.ended.wait()
            #expect(error == nil)
            _ = await pair.atServer.ended.wait()
        }
    }

    @Test func `after shutdown the other direction goes on`() async throws {
        try await withLoop { loop in
            let pair = try await StreamPair.make(on: loop)
            try await loop.run {
                pair.atServer.onEnd = { server in
                    server.write { $0.append([4, 5]) }
                    server.closeAfterFlush()
                }
                pair.client.write { $0.append([1, 2, 3]) }
                pair.client.shutdown()
            }
            let (atServer, atClient) = (await pair.atServer.endOfInput.wait(), await pair.atClient.endOfInput.wait())
            #expect(atServer == [1, 2, 3])
            #expect(atClient == [4, 5])
            _ = await (pair.atServer.ended.wait(), pair.atClient.ended.wait())
        }
    }

    @Test func `a reset is an error at the peer, not an orderly end`() async throws {
        try await withLoop { loop in
            let pair = try await StreamPair.make(on: loop)
            try await loop.run { pair.client.reset() }
            let error = await pair.atServer.ended.wait()
            #expect(error?.name == "ECONNRESET")
            _ = await pair.atClient.ended.wait()
        }
    }

    @Test func `a reset behind data is no orderly end either`() async throws {
        try await withLoop { loop in
            let pair = try await StreamPair.make(on: loop)
            try await loop.run {
                pair.server.pauseReading()
                pair.client.write { $0.append([1, 2, 3]) }
                pair.client.flushNow()
                pair.client.reset()
            }
            _ = await pair.atClient.ended.wait()
            try await loop.run { pair.server.startReading() }
            let error = await pair.atServer.ended.wait()
            #expect(error?.name == "ECONNRESET")
        }
    }

    @Test func `what the peer said before it closed is read after a write to it has failed`() async throws {
        try await withLoop { loop in
            let pair = try await StreamPair.make(on: loop)
            try await loop.run {
                pair.client.pauseReading()
                pair.client.readsAfterWriteError = true
                // Bytes that nobody reads make the close a reset.
                pair.server.pauseReading()
                pair.client.write { $0.append([1]) }
                pair.client.flushNow()
                pair.server.write { $0.append([7, 8, 9]) }
                pair.server.closeAfterFlush()
            }
            _ = await pair.atServer.ended.wait()
            try await loop.run {
                pair.client.write { $0.append([2]) }
                pair.client.flushNow()
                pair.client.write { $0.append([3]) }
                pair.client.flushNow()
                #expect(pair.client.isOpen)
                #expect(pair.client.queuedBytes == 0)
                pair.client.startReading()
            }
            _ = await pair.atClient.ended.wait()
            try await loop.run { #expect(pair.atClient.received == [7, 8, 9]) }
        }
    }

    @Test func `closing is told of once, later, and lets go of the delegate`() async throws {
        try await withLoop { loop in
            let pair = try await StreamPair.make(on: loop)
            try await loop.run {
                pair.client.close()
                pair.client.close()
                #expect(pair.atClient.closes == 0)
                // Nothing of this does anything, or harm.
                pair.client.write { $0.append([1]) }
                pair.client.write(owned: WritePiece([2]))
                pair.client.startReading()
                pair.client.pauseReading()
                pair.client.shutdown()
                pair.client.flushNow()
                #expect(pair.client.queuedBytes == 0)
            }
            _ = await (pair.atClient.ended.wait(), pair.atServer.ended.wait())
            try await loop.run {
                #expect(pair.atClient.closes == 1)
                #expect(pair.client.delegate == nil)
                #expect(pair.atServer.received.isEmpty)
            }
        }
    }

    @Test func `writing to a pipe that nobody reads is an error of the stream, not the end of the process`()
        async throws
    {
        try await withLoop { loop in
            let probe = StreamProbe()
            try await loop.run {
                var pipe = try PipePair()
                let stream = try ByteStream.adopt(pipe: pipe.takeWriteEnd(), loop: loop)
                stream.delegate = probe
                stream.write { $0.append([1]) }
            }
            let error = await probe.ended.wait()
            #expect(error?.name == "EPIPE")
        }
    }

    @Test func `a descriptor that is no socket is refused and closed`() async throws {
        try await withLoop { loop in
            try await loop.run {
                let error = #expect(throws: UVError.self) { try ByteStream.adopt(socket: 1_000_000, loop: loop) }
                #expect(error?.name == "EBADF")
            }
        }
    }
}
