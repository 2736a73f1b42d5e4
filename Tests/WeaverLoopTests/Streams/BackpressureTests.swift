import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

@Suite struct BackpressureTests {
    @Test func `what a tick writes arrives in one piece`() async throws {
        try await withLoop { loop in
            let pair = try await StreamPair.make(on: loop)
            try await loop.run {
                for byte in UInt8(0)..<100 { pair.client.write { $0.append([byte]) } }
                pair.client.write(owned: WritePiece([200]))
                pair.client.write { $0.append([201]) }
                #expect(pair.client.queuedBytes == 102)
                pair.client.closeAfterFlush()
            }
            let received = await pair.atServer.endOfInput.wait()
            #expect(received == Array(0..<100) + [200, 201])
            try await loop.run { #expect(pair.atServer.reads == 1) }
            _ = await (pair.atClient.ended.wait(), pair.atServer.ended.wait())
        }
    }

    @Test func `a read brings no more than it may, and nothing is lost`() async throws {
        try await withLoop { loop in
            let pair = try await StreamPair.make(on: loop)
            let sent = (0..<100_001).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            try await loop.run {
                pair.server.largestRead = 1000
                var before = 0
                pair.atServer.onRead = { _ in
                    #expect(pair.atServer.received.count - before <= 1000)
                    before = pair.atServer.received.count
                }
                pair.client.write(owned: WritePiece(sent))
                pair.client.closeAfterFlush()
            }
            #expect(await pair.atServer.endOfInput.wait() == sent)
            _ = await (pair.atClient.ended.wait(), pair.atServer.ended.wait())
        }
    }

    @Test func `a peer that does not read raises the mark, and its reading lowers it, once each`() async throws {
        try await withLoop { loop in
            let pair = try await StreamPair.make(on: loop)
            let drained = Promise<Int>()
            try await loop.run {
                pair.server.pauseReading()
                pair.client.highWaterMark = 100_000
                pair.client.lowWaterMark = 1_000
                var drains = 0
                pair.atClient.onDrain = { stream in
                    drains += 1
                    #expect(stream.queuedBytes <= 1_000)
                    #expect(stream.isWritable)
                    stream.closeAfterFlush()
                    drained.fulfil(drains)
                }
                while pair.client.isWritable {
                    pair.client.write(owned: WritePiece([UInt8](repeating: 1, count: 50_000)))
                }
                #expect(pair.client.queuedBytes >= 100_000)
                pair.server.startReading()
            }
            let drains = await drained.wait()
            #expect(drains == 1)
            _ = await (pair.atClient.ended.wait(), pair.atServer.ended.wait())
        }
    }

    @Test func `a delegate that writes whenever it may is never called from inside its own write`() async throws {
        try await withLoop { loop in
            let pair = try await StreamPair.make(on: loop)
            try await loop.run {
                pair.client.highWaterMark = 1_000
                pair.client.lowWaterMark = 1_000
                pair.client.flushThreshold = 1
                var depth = 0
                var left = 500
                func pump(_ stream: ByteStream) {
                    depth += 1
                    #expect(depth == 1)
                    defer { depth -= 1 }
                    repeat {
                        stream.write { $0.append([UInt8](repeating: 1, count: 2_000)) }
                        left -= 1
                    } while stream.isWritable && left > 0
                    if left <= 0 { stream.closeAfterFlush() }
                }
                pair.atClient.onDrain = pump
                pump(pair.client)
                if pair.client.isWritable, left > 0 { pair.client.closeAfterFlush() }
            }
            _ = await (pair.atClient.ended.wait(), pair.atServer.ended.wait())
        }
    }

    @Test func `an encoder that fails takes back what it appended, and nothing else`() async throws {
        struct Refused: Error {}
        try await withLoop { loop in
            let pair = try await StreamPair.make(on: loop)
            try await loop.run {
                pair.client.write { $0.append([1]) }
                #expect(throws: Refused.self) {
                    try pair.client.write { (buffer) throws(Refused) in
                        buffer.append([2, 3])
                        throw Refused()
                    }
                }
                pair.client.write { $0.append([4]) }
                pair.client.closeAfterFlush()
            }
            let received = await pair.atServer.endOfInput.wait()
            #expect(received == [1, 4])
            _ = await (pair.atClient.ended.wait(), pair.atServer.ended.wait())
        }
    }

    @Test func `an encoder that uses the stream it appends to traps`() async {
        await #expect(processExitsWith: .failure) {
            let loop = try EventLoop()
            let pair = try await StreamPair.make(on: loop)
            try await loop.run {
                pair.client.write { _ in pair.client.write { $0.append([1]) } }
            }
        }
    }

    @Test func `output that is written while another stream's end of the tick is told goes out without more input`()
        async throws
    {
        try await withLoop { loop in
            let (first, second) = (try await StreamPair.make(on: loop), try await StreamPair.make(on: loop))
            try await loop.run {
                first.server.pauseReading()
                first.client.highWaterMark = 10
                first.client.lowWaterMark = 5
                first.atClient.onDrain = { _ in
                    second.client.write { $0.append([9]) }
                    second.client.closeAfterFlush()
                    first.client.close()
                }
                first.client.write { $0.append([UInt8](repeating: 0, count: 20)) }
                #expect(!first.client.isWritable)
            }
            let received = await second.atServer.endOfInput.wait()
            #expect(received == [9])
            _ = await second.atClient.ended.wait()
            try await loop.run { first.server.close() }
        }
    }

    @Test func `a body is read into memory of the delegate's own`() async throws {
        try await withLoop { loop in
            var pipe = try PipePair()
            let (readEnd, writeEnd) = (pipe.takeReadEnd(), pipe.takeWriteEnd())
            let body = BodyReader(count: 300_000)
            try await loop.run {
                let reader = try ByteStream.adopt(pipe: readEnd, loop: loop)
                reader.delegate = body
                reader.startReading()
                let writer = try ByteStream.adopt(pipe: writeEnd, loop: loop)
                writer.write(owned: WritePiece((0..<300_000).map { UInt8(truncatingIfNeeded: $0) } + [1, 2, 3]))
                writer.closeAfterFlush()
            }
            let rest = await body.done.wait()
            #expect(rest == [1, 2, 3])
            try await loop.run { #expect(body.isIntact) }
        }
    }
}

/// Reads the first bytes into its own memory and the rest from the loop's buffer.
@safe
private final class BodyReader: ByteStreamDelegate, @unchecked Sendable {
    // @unchecked: used on the loop's thread only, but for the promise.
    let done = Promise<[UInt8]>()
    private let memory: UnsafeMutableRawBufferPointer
    private var filled = 0
    private var rest: [UInt8] = []

    init(count: Int) { unsafe memory = .allocate(byteCount: count, alignment: 1) }
    deinit { unsafe memory.deallocate() }

    var isIntact: Bool {
        unsafe filled == memory.count
            && memory.indices.allSatisfy { unsafe memory[$0] == UInt8(truncatingIfNeeded: $0) }
    }

    func streamReadDestination(_ stream: ByteStream) -> UnsafeMutableRawBufferPointer? {
        unsafe filled < memory.count ? UnsafeMutableRawBufferPointer(rebasing: memory[filled...]) : nil
    }
    func stream(_ stream: ByteStream, didReadIntoDestination count: Int) { filled += count }
    func stream(_ stream: ByteStream, didRead bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { unsafe rest.append(contentsOf: $0) }
    }
    func streamDidReachEnd(_ stream: ByteStream) { stream.close() }
    func streamDidClose(_ stream: ByteStream, error: UVError?) { done.fulfil(rest) }
}
