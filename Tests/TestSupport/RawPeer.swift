package import WeaverCore
package import WeaverLoop

/// One end of a connection that a test scripts: it sends any bytes and collects what comes.
package final class RawPeer: ByteStreamDelegate, @unchecked Sendable {
    // @unchecked: everything but `loop` is touched on the loop's thread only.
    private let loop: EventLoop
    private var stream: ByteStream?
    private var received: [UInt8] = []
    private var hasEnded = false
    private var isClosed = false
    private var closeError: UVError?
    private var waiters: [(isMet: @Sendable ([UInt8], Bool) -> Bool, met: CheckedContinuation<[UInt8], Never>)] = []

    /// A peer that was accepted; on the loop.
    package init(accepted stream: ByteStream, loop: EventLoop) {
        self.loop = loop
        self.stream = stream
        stream.delegate = self
        stream.startReading()
    }

    private init(loop: EventLoop) { self.loop = loop }

    /// Connects to `address`.
    package static func connect(to address: SocketAddress, loop: EventLoop) async throws -> RawPeer {
        try await loop.run {
            let peer = RawPeer(loop: loop)
            peer.stream = try ByteStream.connect(to: address, loop: loop, timeout: .seconds(5), delegate: peer)
            return peer
        }
    }

    /// Sends `text`.
    package func send(_ text: String) async throws {
        try await send(Array(text.utf8))
    }

    /// Sends `bytes`.
    package func send(_ bytes: [UInt8]) async throws {
        try await loop.run { self.stream?.write(owned: WritePiece(bytes)) }
    }

    /// Sends `text` in writes of one byte each.
    package func sendByteByByte(_ text: String) async throws {
        for byte in text.utf8 {
            try await loop.run {
                self.stream?.write { $0.append(byte) }
                self.stream?.flushNow()
            }
        }
    }

    /// Everything received so far, once `isMet` holds for it and for whether the peer has ended.
    package func receive(until isMet: @escaping @Sendable ([UInt8], Bool) -> Bool) async -> [UInt8] {
        await withCheckedContinuation { continuation in
            loop.execute {
                self.waiters.append((isMet, continuation))
                self.check()
            }
        }
    }

    /// Everything received so far, once it contains `text` or the other end has closed.
    package func receive(_ text: String) async -> String {
        let bytes = await receive { bytes, ended in
            ended || String(decoding: bytes, as: UTF8.self).contains(text)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Everything that was received until the other end closed.
    package func receiveAll() async -> String {
        String(decoding: await receive { _, ended in ended }, as: UTF8.self)
    }

    /// Forgets what was received.
    package func forget() async throws {
        try await loop.run { self.received = [] }
    }

    /// Bytes that were sent and have not left this process.
    package func unsentBytes() async throws -> Int {
        try await loop.run { self.stream?.queuedBytes ?? 0 }
    }

    /// Reads, or leaves what comes in the kernel.
    package func setReading(_ reads: Bool) async throws {
        try await loop.run { reads ? self.stream?.startReading() : self.stream?.pauseReading() }
    }

    /// Waits for the other end, and tells whether it came as a reset instead of in order.
    package func endsWithReset() async throws -> Bool {
        _ = await receive { _, ended in ended }
        return try await loop.run { self.closeError?.name == "ECONNRESET" }
    }

    /// Closes the writing side.
    package func shutdown() async throws {
        try await loop.run { self.stream?.shutdown() }
    }

    /// Closes at once, by a reset, and returns when that has happened.
    package func reset() async throws {
        try await loop.run { self.stream?.reset() }
        _ = await receive { _, ended in ended }
    }

    /// Closes, and returns when that has happened.
    package func close() async throws {
        try await loop.run { self.stream?.close() }
        _ = await receive { _, ended in ended }
    }

    private func check() {
        let isOver = hasEnded || isClosed
        let met = waiters.filter { $0.isMet(received, isOver) }
        waiters.removeAll { $0.isMet(received, isOver) }
        for waiter in met { waiter.met.resume(returning: received) }
    }

    package func streamDidConnect(_ stream: ByteStream) { stream.startReading() }

    package func stream(_ stream: ByteStream, didRead bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { unsafe received.append(contentsOf: $0) }
        check()
    }

    package func streamDidReachEnd(_ stream: ByteStream) {
        hasEnded = true
        check()
    }

    package func streamDidClose(_ stream: ByteStream, error: UVError?) {
        isClosed = true
        closeError = error
        self.stream = nil
        check()
    }
}

/// A listener whose connections a test scripts.
package final class RawServer: @unchecked Sendable {
    // @unchecked: touched on the loop's thread only, except for what is constant.
    /// Where it listens.
    package let address: SocketAddress
    private let loop: EventLoop
    private let accepted: AsyncStream<RawPeer>
    private var listener: StreamListener?

    /// Listens on `address`, by default on a port of 127.0.0.1.
    package init(loop: EventLoop, address: SocketAddress? = nil) async throws {
        self.loop = loop
        let (stream, continuation) = AsyncStream<RawPeer>.makeStream()
        accepted = stream
        let box = try await loop.run {
            let listener = try StreamListener(loop: loop, address: address ?? .ip("127.0.0.1", port: 0)) { stream in
                continuation.yield(RawPeer(accepted: stream, loop: loop))
            }
            return ListenerBox(listener: listener, address: listener.address ?? .ip("127.0.0.1", port: 0))
        }
        listener = box.listener
        self.address = box.address
    }

    private struct ListenerBox: @unchecked Sendable {
        // @unchecked: handed from the loop to its owner, which uses it on the loop.
        let listener: StreamListener
        let address: SocketAddress
    }

    /// The next connection.
    package func accept() async -> RawPeer? {
        for await peer in accepted { return peer }
        return nil
    }

    /// Stops listening.
    package func close() async throws {
        try await loop.run { self.listener?.close() }
    }
}
