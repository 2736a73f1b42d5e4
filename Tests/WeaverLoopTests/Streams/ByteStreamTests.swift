import Synchronization
import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

@Suite struct ByteStreamTests {
    @Test func `an echo over TCP gives back every byte in order`() async throws {
        try await echo(.ip("127.0.0.1", port: 0), bytes: 5_000_000)
    }

    @Test func `a connection to a port where nobody listens is an error`() async throws {
        try await withLoop { loop in
            let ended = Ended()
            try await loop.run {
                let listener = try StreamListener(loop: loop, address: .ip("127.0.0.1", port: 0)) { $0.close() }
                let address = try #require(listener.address)
                listener.close()
                _ = try ByteStream.connect(to: address, loop: loop, timeout: .seconds(5), delegate: ended)
            }
            let error = await ended.wait()
            #expect(error?.name == "ECONNREFUSED")
        }
    }

    @Test func `listening where another listens says that the address is in use`() async throws {
        try await withLoop { loop in
            try await loop.run {
                let first = try StreamListener(loop: loop, address: .ip("127.0.0.1", port: 0)) { $0.close() }
                defer { first.close() }
                let address = try #require(first.address)
                let error = #expect(throws: UVError.self) {
                    _ = try StreamListener(loop: loop, address: address) { $0.close() }
                }
                #expect(error?.isAddressInUse == true)
            }
        }
    }

    private func echo(_ address: SocketAddress, bytes: Int) async throws {
        try await withLoop { loop in
            let client = EchoClient(expected: bytes)
            try await loop.run {
                let listener = try StreamListener(loop: loop, address: address) { stream in
                    stream.delegate = Echo()
                    stream.startReading()
                }
                client.listener = listener
                let address = try #require(listener.address)
                _ = try ByteStream.connect(to: address, loop: loop, timeout: .seconds(5), delegate: client)
            }
            let received = await client.done.wait()
            #expect(received == bytes)
        }
    }
}

final class Ended: ByteStreamDelegate, Sendable {
    private let promise = Promise<UVError?>()

    func wait() async -> UVError? { await promise.wait() }
    func stream(_ stream: ByteStream, didRead bytes: RawSpan) {}
    func streamDidReachEnd(_ stream: ByteStream) { stream.close() }
    func streamDidClose(_ stream: ByteStream, error: UVError?) { promise.fulfil(error) }
}

final class Echo: ByteStreamDelegate {
    func stream(_ stream: ByteStream, didRead bytes: RawSpan) {
        stream.write { $0.append(bytes) }
        if !stream.isWritable { stream.pauseReading() }
    }

    func streamDidDrain(_ stream: ByteStream) { stream.startReading() }
    func streamDidReachEnd(_ stream: ByteStream) { stream.closeAfterFlush() }
    func streamDidClose(_ stream: ByteStream, error: UVError?) {}
}

final class EchoClient: ByteStreamDelegate, @unchecked Sendable {
    // Used on the loop's thread only.
    let done = Promise<Int>()
    var listener: StreamListener?
    private let expected: Int
    private var sent = 0
    private var received = 0

    init(expected: Int) { self.expected = expected }

    func streamDidConnect(_ stream: ByteStream) {
        stream.startReading()
        send(stream)
    }

    private func send(_ stream: ByteStream) {
        while stream.isWritable, sent < expected {
            let count = min(100_000, expected - sent)
            let start = sent
            stream.write(owned: WritePiece((start..<start + count).map { UInt8(truncatingIfNeeded: $0 &* 7) }))
            sent += count
        }
        if sent == expected { stream.shutdown() }
    }

    func streamDidDrain(_ stream: ByteStream) { send(stream) }

    func stream(_ stream: ByteStream, didRead bytes: RawSpan) {
        for index in 0..<bytes.byteCount {
            guard
                unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
                    == UInt8(truncatingIfNeeded: (received + index) &* 7)
            else {
                Issue.record("byte \(received + index) is not the one that was sent")
                return stream.close()
            }
        }
        received += bytes.byteCount
    }

    func streamDidReachEnd(_ stream: ByteStream) { stream.close() }

    func streamDidClose(_ stream: ByteStream, error: UVError?) {
        listener?.close()
        done.fulfil(received)
    }
}
