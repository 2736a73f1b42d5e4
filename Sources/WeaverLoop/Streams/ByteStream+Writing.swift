internal import CUV
package import WeaverCore

extension ByteStream {
    /// How many gathered writes one flush makes at most, so that a peer that reads as fast as we write does not keep
    /// the loop for itself.
    private static let writesPerFlush = 8

    /// Bytes written that the kernel has not taken; it falls with every byte that it takes.
    package var queuedBytes: Int {
        guard let inFlight, isOpen else { return queue.value.byteCount }
        // The queue forgets what libuv was given only when all of it is out; libuv counts what has left.
        return unsafe queue.value.byteCount - inFlight.byteCount + uv_stream_get_write_queue_size(stream)
    }

    /// Whether the queue has not reached its high-water mark since it was last below the low one.
    package var isWritable: Bool { !isAboveHighWater }

    /// Lends the end of the queue to `body`, which appends what shall be sent and must not use the stream. On an error
    /// what it appended is taken back. After the stream has closed the bytes go nowhere.
    @inline(__always)
    package func write<R, E: Error>(_ body: (inout OutputBuffer) throws(E) -> R) throws(E) -> R {
        checkThread("write")
        precondition(!isLending, Self.lendingMessage)
        isLending = true
        let before = queue.value.tail.count
        do throws(E) {
            let result = try body(&queue.value.tail)
            isLending = false
            didAppend()
            return result
        } catch {
            queue.value.tail.truncate(to: before)
            isLending = false
            throw error
        }
    }

    /// From this many bytes on ``writeAtOnce(_:)`` does not copy what the socket takes. Below, the copy costs less than
    /// a system call for each piece.
    static let smallestAtOnce = 16 * 1024

    /// Sends bytes that somebody has lent, and what is queued before them, by one gathered write; only what the socket does
    /// not take is copied.
    package func writeAtOnce(_ bytes: RawSpan) {
        checkThread("writeAtOnce")
        precondition(!isLending, Self.lendingMessage)
        guard bytes.byteCount >= Self.smallestAtOnce, isOpen, isConnected, inFlight == nil, failedWrite == nil else {
            return write { $0.append(bytes) }
        }
        let queued = queue.value.byteCount
        let vector = unsafe loop.writeVector
        var (pieces, laidOut) = unsafe queue.value.fill(vector)
        guard laidOut == queued, pieces < WriteQueue.piecesPerWrite else { return write { $0.append(bytes) } }
        let code = unsafe bytes.withUnsafeBytes { bytes in
            unsafe vector[pieces] = unsafe WriteQueue.entry(bytes)
            pieces += 1
            laidOut += bytes.count
            return unsafe uv_try_write(stream, vector, UInt32(pieces))
        }
        guard code >= 0 || code == WEAVER_UV_EAGAIN else { return failWriting(code) }
        let sent = Int(max(code, 0))
        queue.value.sent(min(sent, queued))
        if sent == laidOut { return endIfFlushed() }
        queue.value.tail.append(bytes.extracting(max(0, sent - queued)..<bytes.byteCount))
        if queue.value.byteCount >= highWater { isAboveHighWater = true }
        giveToLibuv()
    }

    /// Sends bytes that are owned already, without copying them: for large bodies.
    package func write(owned piece: WritePiece) {
        checkThread("write")
        precondition(!isLending, Self.lendingMessage)
        queue.value.append(piece)
        didAppend()
    }

    /// Sends what is queued now, without waiting for the end of the tick. The delegate is not called from inside.
    package func flushNow() {
        checkThread("flushNow")
        precondition(!isLending, Self.lendingMessage)
        send()
    }

    /// Gives back memory that is kept for the next writes; for streams on which little happens.
    package func releaseIdleMemory() {
        checkThread("releaseIdleMemory")
        precondition(!isLending, Self.lendingMessage)
        queue.value.releaseIdleMemory()
    }

    private static let lendingMessage = "an encoder used the stream that it was appending to"

    private func didAppend() {
        guard isOpen, failedWrite == nil else { return queue.value.removeAll() }
        scheduleFlush()
        if queue.value.byteCount >= flushesAt {
            send()
            queue.value.sealFullTail()
        }
        if queue.value.byteCount >= highWater { isAboveHighWater = true }
    }

    func scheduleFlush() {
        guard !needsFlush else { return }
        needsFlush = true
        loop.needsFlush(self)
    }

    /// The end of the tick.
    func flush() {
        needsFlush = false
        send()
        tellDrained()
    }

    /// Writes what the socket takes at once, and gives the rest to libuv. Calls no delegate.
    private func send() {
        guard isOpen, isConnected, inFlight == nil, !queue.value.isEmpty else { return }
        precondition(failedWrite == nil, "bytes queued behind a failed write")
        for _ in 0..<Self.writesPerFlush {
            let vector = unsafe loop.writeVector
            let (pieces, bytes) = unsafe queue.value.fill(vector)
            let code = unsafe uv_try_write(stream, vector, UInt32(pieces))
            guard code >= 0 || code == WEAVER_UV_EAGAIN else { return failWriting(code) }
            queue.value.sent(Int(max(code, 0)))
            if queue.value.isEmpty {
                incomingSplice?.destinationIsEmpty()
                return endIfFlushed()
            }
            if Int(code) < bytes { break }
        }
        giveToLibuv()
    }

    /// Gives what the socket did not take at once to libuv, which waits for the socket.
    private func giveToLibuv() {
        queue.value.sealTail()
        let vector = unsafe loop.writeVector
        let (pieces, bytes) = unsafe queue.value.fill(vector)
        let request = WriteRequest(stream: self, pieces: queue.value.first(pieces), byteCount: bytes)
        inFlight = request
        let code = unsafe uv_write(request.start(), stream, vector, UInt32(pieces), WriteRequest.done)
        if code < 0 {
            request.abandon()
            inFlight = nil
            failWriting(code)
        }
    }

    private func failWriting(_ code: Int32) {
        let error = UVError(code: code, operation: "writing")
        guard readsAfterWriteError, shutdownState == .none, !closesWhenFlushed else { return fail(error) }
        failedWrite = error
        queue.value.removeAll()
    }

    fileprivate func didWrite(_ request: WriteRequest, status: Int32) {
        loop.stall.workBegan()
        inFlight = nil
        guard isOpen else { return }
        guard status >= 0 else { return failWriting(status) }
        queue.value.sent(request.byteCount)
        if queue.value.isEmpty {
            incomingSplice?.destinationIsEmpty()
            endIfFlushed()
        } else {
            send()
        }
        tellDrained()
    }

    private func tellDrained() {
        guard isAboveHighWater, queue.value.byteCount <= lowWater, isOpen else { return }
        isAboveHighWater = false
        observer?.streamDidDrain(self)
    }
}

/// One `uv_write` under way: keeps the stream and the bytes until libuv has let go of them.
@safe
final class WriteRequest {
    private let stream: ByteStream
    private let pieces: [WritePiece]
    let byteCount: Int
    private let raw = UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)

    init(stream: ByteStream, pieces: [WritePiece], byteCount: Int) {
        self.stream = stream
        self.pieces = pieces
        self.byteCount = byteCount
    }

    deinit { unsafe raw.deallocate() }

    func start() -> UnsafeMutablePointer<uv_write_t> {
        unsafe raw.pointee.data = unsafe Unmanaged.passRetained(self).toOpaque()
        return unsafe raw
    }

    func abandon() {
        unsafe Unmanaged<WriteRequest>.fromOpaque(raw.pointee.data).release()
    }

    static let done: uv_write_cb = { raw, status in
        guard let raw = unsafe raw else { return }
        let request = unsafe Unmanaged<WriteRequest>.fromOpaque(raw.pointee.data).takeRetainedValue()
        request.stream.didWrite(request, status: status)
    }
}
