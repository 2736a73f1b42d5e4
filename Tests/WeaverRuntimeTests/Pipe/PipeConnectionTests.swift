import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

/// The deployer's end of the pipes, against an end that is scripted in bytes.
@Suite(.timeLimit(.minutes(1)))
struct PipeConnectionTests {
    typealias Pipe = PipeConnection<WeaveletCodec, EnvelopeCodec>

    /// What belongs to the loop.
    private final class Fixture: @unchecked Sendable {
        // @unchecked: used on the loop's thread only, but for the promise.
        var pipe: Pipe?
        var reader: ByteStream?
        var writer: ByteStream?
        var received: [(Int64, WeaveletMessage)] = []
        var replies: [WeaveletMessage?] = []
        let closed = Promise<String?>()
    }

    /// Runs `body` with a connection and the other end of its pipes.
    private func withPipe(_ body: (EventLoop, Fixture) async throws -> Void) async throws {
        try await withLoop { loop in
            let fixture = Fixture()
            try await loop.run {
                var up = try PipePair()
                var down = try PipePair()
                let pipe = try Pipe(
                    loop: loop, readDescriptor: up.takeReadEnd(), writeDescriptor: down.takeWriteEnd())
                pipe.onMessage = { fixture.received.append(($0, $1)) }
                pipe.onClose = { fixture.closed.fulfil($0) }
                fixture.pipe = pipe
                fixture.writer = try ByteStream.adopt(pipe: up.takeWriteEnd(), loop: loop)
                fixture.reader = try ByteStream.adopt(pipe: down.takeReadEnd(), loop: loop)
                pipe.start()
            }
            try await body(loop, fixture)
            try await loop.run {
                fixture.pipe?.close()
                fixture.pipe = nil
                fixture.reader?.close()
                fixture.writer?.close()
            }
            _ = await fixture.closed.wait()
        }
    }

    private static func frame(_ id: Int64, _ message: WeaveletMessage) throws -> [UInt8] {
        let bytes = try WeaveletCodec.encode(id: id, message)
        return (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> ($0 * 8)) } + bytes
    }

    @Test func `an answer to the id that has no opposite closes the pipe and harms nobody else`() async throws {
        try await withPipe { loop, fixture in
            let bytes = try Self.frame(.min, .done)
            try await loop.run { fixture.writer?.write { $0.append(bytes) } }
            #expect(await fixture.closed.wait() == "an answer to no request")
        }
    }

    @Test func `what follows a message that makes no sense in the same read is not handed over`() async throws {
        try await withPipe { loop, fixture in
            let bytes = try [3, 0, 0, 0, 0xFF, 0xFF, 0xFF] + Self.frame(0, .leaving(completed: true))
            try await loop.run { fixture.writer?.write { $0.append(bytes) } }
            #expect(await fixture.closed.wait()?.hasPrefix("a message that cannot be read") == true)
            try await loop.run { #expect(fixture.received.isEmpty) }
        }
    }

    @Test func `as many requests as the limit are open, one more is answered by nil at once, and all when it closes`()
        async throws
    {
        try await withPipe { loop, fixture in
            try await loop.run {
                fixture.reader?.delegate = Swallow()
                fixture.reader?.startReading()
                for _ in 0..<PipeLimits.openRequests {
                    fixture.pipe?.request(.healthCheck) { fixture.replies.append($0) }
                }
                #expect(fixture.replies.isEmpty)
                fixture.pipe?.request(.healthCheck) { fixture.replies.append($0) }
                #expect(fixture.replies == [nil])
                fixture.writer?.close()
            }
            #expect(await fixture.closed.wait() == nil)
            try await loop.run {
                #expect(fixture.replies.count == PipeLimits.openRequests + 1)
                #expect(fixture.replies.allSatisfy { $0 == nil })
            }
        }
    }

    @Test func `a message over the limit is not sent, and closes the pipe with its size`() async throws {
        try await withPipe { loop, fixture in
            try await loop.run {
                fixture.pipe?.send(.address(String(byteCount: PipeLimits.messageSize)))
            }
            #expect(await fixture.closed.wait()?.hasPrefix("a message of 6710") == true)
        }
    }

    @Test func `an end that does not read is given up when what waits for it reaches the limit`() async throws {
        try await withPipe { loop, fixture in
            try await loop.run {
                let piece = String(byteCount: PipeLimits.messageSize / 4)
                for _ in 0..<5 { fixture.pipe?.send(.address(piece)) }
                #expect(fixture.pipe?.queuedBytes ?? 0 >= PipeLimits.messageSize)
                fixture.pipe?.send(.drain)
            }
            #expect(await fixture.closed.wait() == "the other end does not read")
        }
    }

    @Test func `a pipe that ends inside of a message says so`() async throws {
        try await withPipe { loop, fixture in
            try await loop.run {
                fixture.writer?.write { $0.append([9, 0, 0, 0, 1] as [UInt8]) }
                fixture.writer?.closeAfterFlush()
            }
            #expect(await fixture.closed.wait() == "the pipe ended inside a message")
        }
    }
}

/// Reads and forgets.
private final class Swallow: ByteStreamDelegate {
    func stream(_ stream: ByteStream, didRead bytes: RawSpan) {}
    func streamDidReachEnd(_ stream: ByteStream) { stream.close() }
    func streamDidClose(_ stream: ByteStream, error: UVError?) {}
}
