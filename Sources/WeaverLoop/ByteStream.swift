internal import CUV
package import WeaverCore

/// What happens to a ``ByteStream``; all of it on the loop's thread.
///
/// A stream retains its delegate until it has closed.
package protocol ByteStreamDelegate: AnyObject {
    /// The connection stands (only for streams that were made by connecting).
    func streamDidConnect(_ stream: ByteStream)
    /// Bytes have arrived. They are the loop's read buffer, lent for the time of the call.
    func stream(_ stream: ByteStream, didRead bytes: RawSpan)
    /// Memory of the delegate's own for the next bytes, or nil to read into the loop's buffer. It must stay valid
    /// until the stream is closed or ``stream(_:didReadIntoDestination:)`` came.
    func streamReadDestination(_ stream: ByteStream) -> UnsafeMutableRawBufferPointer?
    /// `count` bytes have arrived in the memory that ``streamReadDestination(_:)`` gave.
    func stream(_ stream: ByteStream, didReadIntoDestination count: Int)
    /// The peer has closed its side; writing is still possible.
    func streamDidReachEnd(_ stream: ByteStream)
    /// The bytes queued have fallen below the low-water mark, having been above the high-water mark.
    func streamDidDrain(_ stream: ByteStream)
    /// The stream is gone: by ``ByteStream/close()`` (no error), or because reading, writing or connecting failed.
    /// Called exactly once, last.
    func streamDidClose(_ stream: ByteStream, error: UVError?)
}

extension ByteStreamDelegate {
    package func streamDidConnect(_ stream: ByteStream) {}
    package func streamReadDestination(_ stream: ByteStream) -> UnsafeMutableRawBufferPointer? { nil }
    package func stream(_ stream: ByteStream, didReadIntoDestination count: Int) {}
    package func streamDidDrain(_ stream: ByteStream) {}
}

/// A stream of bytes both ways over TCP, a Unix socket or a pipe.
///
/// What is written during a tick goes out once at its end, by one gathered system call where the socket takes it, and
/// by libuv's queue for the rest. Reading begins with ``startReading()``.
@safe
package final class ByteStream: UVHandle {
    /// Above this many queued bytes ``isWritable`` is false: whoever produces should stop. 1 MiB by default.
    package var highWaterMark = 1 << 20
    /// Below this many queued bytes the delegate hears that it may go on. 256 KiB by default.
    package var lowWaterMark = 256 << 10
    /// When one tick has written this many bytes they go out at once, so that the peer works meanwhile.
    package var flushThreshold = 64 << 10

    package var delegate: (any ByteStreamDelegate)?

    private var queue = WriteQueue()
    private var needsFlush = false
    private var isConnected: Bool
    private var isReading = false
    private var isAboveHighWater = false
    private var inFlight: WriteRequest?
    private var shutdownState = Shutdown.none
    private var closesWhenFlushed = false
    private var failure: UVError?
    private var readDestination: UnsafeMutableRawBufferPointer?
    private var connectTimer: LoopTimer?

    private enum Shutdown { case none, wanted, sent }

    private init(loop: EventLoop, pipe: Bool, connected: Bool) throws(UVError) {
        isConnected = connected
        if pipe {
            unsafe try super.init(loop: loop, kind: .pipe, as: uv_pipe_t.self, operation: "making a pipe") {
                raw, handle in
                unsafe uv_pipe_init(raw, handle, 0)
            }
        } else {
            unsafe try super.init(loop: loop, kind: .tcp, as: uv_tcp_t.self, operation: "making a socket") {
                raw, handle in
                unsafe uv_tcp_init(raw, handle)
            }
        }
    }

    private var stream: UnsafeMutablePointer<uv_stream_t> { unsafe pointer() }

    // MARK: Making one

    /// A stream over a descriptor that is a pipe, a Unix socket or a terminal; the stream owns it from here on, also
    /// when this throws.
    package static func adopt(pipe descriptor: Int32, loop: EventLoop) throws(UVError) -> ByteStream {
        let stream: ByteStream
        do throws(UVError) {
            stream = try ByteStream(loop: loop, pipe: true, connected: true)
        } catch {
            CUV.close(descriptor)
            throw error
        }
        let code = unsafe uv_pipe_open(stream.pointer(), descriptor)
        if code < 0 {
            CUV.close(descriptor)
            stream.close()
            throw UVError(code: code, operation: "opening descriptor \(descriptor) as a pipe")
        }
        return stream
    }

    /// Accepts a connection that waits on `listener`.
    static func accept(from listener: StreamListener) throws(UVError) -> ByteStream {
        let stream = try ByteStream(loop: listener.loop, pipe: listener.kind == .pipeListener, connected: true)
        let code = unsafe uv_accept(listener.pointer(), stream.stream)
        if code < 0 {
            stream.close()
            throw UVError(code: code, operation: "accepting a connection")
        }
        stream.setNoDelay()
        return stream
    }

    /// Connects to `address`. The delegate hears ``ByteStreamDelegate/streamDidConnect(_:)``, or that the stream
    /// closed with an error, at the latest after `timeout`. What is written before goes out once connected.
    package static func connect(
        to address: SocketAddress, loop: EventLoop, timeout: Duration, delegate: any ByteStreamDelegate
    ) throws(UVError) -> ByteStream {
        let isPipe = if case .unix = address.kind { true } else { false }
        let stream = try ByteStream(loop: loop, pipe: isPipe, connected: false)
        stream.delegate = delegate
        do throws(UVError) {
            try stream.startConnecting(to: address)
            let timer = try LoopTimer(loop: loop) { [weak stream] in
                stream?.fail(UVError(code: WEAVER_UV_ETIMEDOUT, operation: "connecting to \(address)"))
            }
            timer.arm(after: timeout)
            stream.connectTimer = timer
        } catch {
            stream.delegate = nil
            stream.close()
            throw error
        }
        return stream
    }

    private func startConnecting(to address: SocketAddress) throws(UVError) {
        let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
        unsafe request.pointee.data = unsafe Unmanaged.passRetained(self).toOpaque()
        let done: uv_connect_cb = { request, status in
            guard let request = unsafe request else { return }
            let stream = unsafe Unmanaged<ByteStream>.fromOpaque(request.pointee.data).takeRetainedValue()
            unsafe request.deallocate()
            stream.connected(status)
        }
        do throws(UVError) {
            switch address.kind {
            case .unix(let path):
                unsafe uv_pipe_connect(request, pointer(), path, done)
            case .ip:
                unsafe try SockAddr.with(address) { socketAddress throws(UVError) in
                    unsafe try check(
                        uv_tcp_connect(request, pointer(), socketAddress, done), "connecting to \(address)")
                }
            }
        } catch {
            unsafe Unmanaged<ByteStream>.fromOpaque(request.pointee.data).release()
            unsafe request.deallocate()
            throw error
        }
    }

    private func connected(_ status: Int32) {
        loop.stall.workBegan()
        connectTimer?.close()
        connectTimer = nil
        guard isOpen else { return }
        guard status == 0 else { return fail(UVError(code: status, operation: "connecting")) }
        isConnected = true
        setNoDelay()
        delegate?.streamDidConnect(self)
        if !queue.isEmpty { scheduleFlush() }
        if shutdownState == .wanted { finishShutdown() }
    }

    private func setNoDelay() {
        // The loop gathers writes itself; the kernel must not hold them back.
        if kind == .tcp { unsafe _ = uv_tcp_nodelay(pointer(), 1) }
    }

    // MARK: Reading

    /// Begins, or goes on, to read.
    package func startReading() {
        checkThread("startReading")
        guard isOpen, !isReading else { return }
        isReading = true
        let code = unsafe uv_read_start(
            stream,
            { handle, _, buffer in
                let stream: ByteStream = unsafe UVHandle.of(handle?.pointee.data)
                unsafe buffer?.pointee = unsafe stream.memoryForReading()
            },
            { handle, count, _ in
                let stream: ByteStream = unsafe UVHandle.of(handle?.pointee.data)
                stream.didRead(count)
            })
        if code < 0 { fail(UVError(code: code, operation: "reading")) }
    }

    /// Reads nothing more until ``startReading()``: the peer is held back by the kernel's buffers.
    package func pauseReading() {
        checkThread("pauseReading")
        guard isOpen, isReading else { return }
        isReading = false
        unsafe uv_read_stop(stream)
    }

    private func memoryForReading() -> uv_buf_t {
        unsafe readDestination = unsafe delegate?.streamReadDestination(self)
        let memory = unsafe readDestination ?? loop.readBuffer
        return unsafe uv_buf_init(
            memory.baseAddress?.assumingMemoryBound(to: CChar.self), UInt32(clamping: memory.count))
    }

    private func didRead(_ count: Int) {
        guard isOpen else { return }
        loop.stall.workBegan()
        if count > 0 {
            if unsafe readDestination != nil {
                unsafe readDestination = nil
                delegate?.stream(self, didReadIntoDestination: count)
            } else if let start = unsafe loop.readBuffer.baseAddress {
                let bytes = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(start), byteCount: count)
                delegate?.stream(self, didRead: bytes)
            }
        } else if count == Int(WEAVER_UV_EOF) {
            isReading = false
            unsafe uv_read_stop(stream)
            delegate?.streamDidReachEnd(self)
        } else if count < 0 {
            fail(UVError(code: Int32(count), operation: "reading"))
        }
    }

    // MARK: Writing

    /// Bytes written that the kernel has not taken.
    package var queuedBytes: Int { queue.byteCount }

    /// Whether the queue is below its high-water mark.
    package var isWritable: Bool { !isAboveHighWater }

    /// Lends the end of the queue to `body`, which appends what shall be sent. On an error what it appended is taken
    /// back. After the stream has closed the bytes go nowhere.
    @inline(__always)
    package func write<R, E: Error>(_ body: (inout OutputBuffer) throws(E) -> R) throws(E) -> R {
        checkThread("write")
        let before = queue.tail.count
        do throws(E) {
            let result = try body(&queue.tail)
            didAppend()
            return result
        } catch {
            queue.tail.truncate(to: before)
            throw error
        }
    }

    /// Sends bytes that are owned already, without copying them: for large bodies.
    package func write(owned piece: WritePiece) {
        checkThread("write")
        queue.append(piece)
        didAppend()
    }

    private func didAppend() {
        guard isOpen else { return queue.removeAll() }
        scheduleFlush()
        let bytes = queue.byteCount
        if bytes >= highWaterMark { isAboveHighWater = true }
        if bytes >= flushThreshold { flushNow() }
    }

    private func scheduleFlush() {
        guard !needsFlush else { return }
        needsFlush = true
        loop.needsFlush(self)
    }

    /// The end of the tick.
    func flush() {
        needsFlush = false
        flushNow()
    }

    /// Sends what is queued now, without waiting for the end of the tick.
    package func flushNow() {
        checkThread("flushNow")
        guard isOpen, isConnected, inFlight == nil, !queue.isEmpty else { return }
        if queue.sealed.isEmpty {
            let bytes = unsafe queue.tail.unsafeBytes
            var buffer = unsafe Self.buffer(bytes)
            let code = unsafe uv_try_write(stream, &buffer, 1)
            guard accept(code) else { return }
            queue.sentFromTail(Int(max(code, 0)))
        } else {
            queue.sealTail()
            var buffers = unsafe Self.buffers(queue.sealed)
            let code = unsafe uv_try_write(stream, &buffers, UInt32(buffers.count))
            guard accept(code) else { return }
            queue.sent(Int(max(code, 0)))
        }
        queue.isEmpty ? didEmpty() : writeRest()
    }

    private func accept(_ code: Int32) -> Bool {
        if code >= 0 || code == WEAVER_UV_EAGAIN { return true }
        fail(UVError(code: code, operation: "writing"))
        return false
    }

    /// Gives what the socket did not take at once to libuv, which waits for the socket.
    private func writeRest() {
        queue.sealTail()
        let request = WriteRequest(stream: self, pieces: Array(queue.sealed.prefix(WriteQueue.piecesPerWrite)))
        inFlight = request
        var buffers = unsafe Self.buffers(request.pieces)
        let code = unsafe uv_write(request.start(), stream, &buffers, UInt32(buffers.count), WriteRequest.done)
        if code < 0 {
            request.abandon()
            inFlight = nil
            fail(UVError(code: code, operation: "writing"))
        }
    }

    fileprivate func didWrite(_ request: WriteRequest, status: Int32) {
        loop.stall.workBegan()
        inFlight = nil
        guard isOpen else { return }
        guard status >= 0 else { return fail(UVError(code: status, operation: "writing")) }
        queue.sent(request.byteCount)
        queue.isEmpty ? didEmpty() : flushNow()
        drained()
    }

    private func didEmpty() {
        drained()
        if shutdownState == .wanted { finishShutdown() }
        if closesWhenFlushed { close() }
    }

    private func drained() {
        guard isAboveHighWater, queue.byteCount <= lowWaterMark, isOpen else { return }
        isAboveHighWater = false
        delegate?.streamDidDrain(self)
    }

    private static func buffer(_ bytes: UnsafeRawBufferPointer) -> uv_buf_t {
        let start = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
        var buffer = unsafe uv_buf_init(start, 0)
        unsafe buffer.len = bytes.count
        return unsafe buffer
    }

    private static func buffers(_ pieces: [WritePiece]) -> [uv_buf_t] {
        unsafe pieces.prefix(WriteQueue.piecesPerWrite).map { unsafe buffer($0.unsafeRemaining) }
    }

    // MARK: Ending

    /// Closes the writing side once everything queued has gone out; reading goes on.
    package func shutdown() {
        checkThread("shutdown")
        guard isOpen, shutdownState == .none else { return }
        shutdownState = .wanted
        if isConnected, queue.isEmpty, inFlight == nil { finishShutdown() }
    }

    private func finishShutdown() {
        guard isOpen, isConnected, queue.isEmpty, shutdownState == .wanted else { return }
        shutdownState = .sent
        let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
        let code = unsafe uv_shutdown(request, stream) { request, _ in unsafe request?.deallocate() }
        // Not connected any more: the reading side will tell why.
        if code < 0 { unsafe request.deallocate() }
    }

    /// Closes once everything queued has gone out.
    package func closeAfterFlush() {
        checkThread("closeAfterFlush")
        guard isOpen else { return }
        closesWhenFlushed = true
        if isConnected, queue.isEmpty, inFlight == nil { close() }
    }

    private func fail(_ error: UVError) {
        guard isOpen else { return }
        failure = error
        close()
    }

    override func willClose() {
        connectTimer?.close()
        connectTimer = nil
        queue.removeAll()
    }

    override func didClose() {
        let delegate = exchange(&delegate, with: nil)
        delegate?.streamDidClose(self, error: failure)
    }

    // MARK: Addresses

    /// The other end's address, of a TCP stream that is connected.
    package var peerAddress: SocketAddress? {
        guard kind == .tcp, isOpen else { return nil }
        return unsafe SockAddr.read { storage, length in unsafe uv_tcp_getpeername(pointer(), storage, length) }
    }
}

/// One `uv_write` under way: keeps the stream and the bytes until libuv has let go of them.
@safe
private final class WriteRequest {
    let stream: ByteStream
    let pieces: [WritePiece]
    let byteCount: Int
    private let raw = UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)

    init(stream: ByteStream, pieces: [WritePiece]) {
        self.stream = stream
        self.pieces = pieces
        byteCount = pieces.reduce(0) { $0 + $1.remaining }
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
