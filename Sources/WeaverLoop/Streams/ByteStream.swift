internal import CUV
package import WeaverCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A stream of bytes both ways over TCP, a Unix socket or a pipe.
///
/// What is written during a tick goes out once at its end, by one gathered system call where the socket takes it, and
/// by libuv's queue for the rest. Reading begins with ``startReading()``.
///
/// It ends in exactly one way: ``close()`` (or a failure, which closes it), then the delegate's
/// ``ByteStreamDelegate/streamDidClose(_:error:)``, never from inside a call of the delegate's own.
///
/// The parts: `ByteStream+Connecting`, `ByteStream+Reading`, `ByteStream+Writing`, `ByteStream+Ending`;
/// `StreamSplice` takes bytes from one stream to another.
@safe
package final class ByteStream: UVHandle {
    /// At this many queued bytes ``isWritable`` becomes false: whoever produces should stop. 1 MiB by default.
    package var highWaterMark: Int {
        get { highWater }
        set { highWater = newValue }
    }
    /// At this many queued bytes the delegate hears that it may go on. 256 KiB by default.
    package var lowWaterMark: Int {
        get { lowWater }
        set { lowWater = newValue }
    }
    /// When a tick has written this many bytes they go out at once, so that the peer works meanwhile.
    package var flushThreshold: Int {
        get { flushesAt }
        set { flushesAt = newValue }
    }
    /// Bytes of one read at most: what may come on top of a high-water mark. As many as the loop's buffer takes by default.
    package var largestRead: Int {
        get { readsAtMost }
        set { readsAtMost = newValue }
    }
    /// After a write has failed the stream reads on to the peer's end, and drops what is written, instead of closing at
    /// once: a peer may have answered before it closed. The end of reading closes it, or its owner.
    package var readsAfterWriteError = false

    /// Who hears of what happens. The stream retains it until it has closed.
    package var delegate: (any ByteStreamDelegate)? {
        get { observer }
        set { observer = newValue }
    }

    // Not visible to other modules, so that accesses need no check of exclusivity.
    private(set) var observer: (any ByteStreamDelegate)?
    private(set) var highWater = 1 << 20
    private(set) var lowWater = 256 << 10
    private(set) var flushesAt = 64 << 10
    private(set) var readsAtMost = EventLoop.readBufferSize

    let queue = LoopState(WriteQueue())
    /// Whether an encoder appends to the queue right now, which must not use the stream meanwhile.
    var isLending = false
    var needsFlush = false
    var isConnected: Bool
    var isReading = false
    var isAboveHighWater = false
    var inFlight: WriteRequest?
    var shutdownState = Shutdown.none
    var closesWhenFlushed = false
    var readDestination: UnsafeMutableRawBufferPointer?
    var resetsOnClose = false
    /// What arrives goes this way, inside of the kernel.
    var splice: StreamSplice?
    /// What comes from another stream inside of the kernel, behind what is queued.
    var incomingSplice: StreamSplice?
    var failure: UVError?
    /// Why nothing is written any more, while the reading side goes on.
    var failedWrite: UVError?
    var connecting: (address: SocketAddress, timer: LoopTimer)?

    /// How far the writing side's end has come.
    enum Shutdown { case none, wanted, sent }

    init(loop: EventLoop, pipe: Bool, connected: Bool) throws(UVError) {
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

    var stream: UnsafeMutablePointer<uv_stream_t> { unsafe pointer() }

    // MARK: Over descriptors

    /// A stream over a descriptor that is a pipe's end, a Unix socket or a terminal; the stream owns it from here on,
    /// also when this throws. The descriptor becomes non-blocking and close-on-exec.
    package static func adopt(pipe descriptor: Int32, loop: EventLoop) throws(UVError) -> ByteStream {
        try adopt(descriptor, loop: loop, pipe: true)
    }

    /// A stream over a connected TCP socket; the stream owns it from here on, also when this throws.
    package static func adopt(socket descriptor: Int32, loop: EventLoop) throws(UVError) -> ByteStream {
        let stream = try adopt(descriptor, loop: loop, pipe: false)
        stream.setNoDelay()
        return stream
    }

    private static func adopt(_ descriptor: Int32, loop: EventLoop, pipe: Bool) throws(UVError) -> ByteStream {
        let stream: ByteStream
        do throws(UVError) {
            stream = try ByteStream(loop: loop, pipe: pipe, connected: true)
        } catch {
            _ = CUV.close(descriptor)
            throw error
        }
        weaver_set_close_on_exec(descriptor)
        let code =
            pipe
            ? unsafe uv_pipe_open(stream.pointer(), descriptor) : unsafe uv_tcp_open(stream.pointer(), descriptor)
        guard code >= 0 else {
            _ = CUV.close(descriptor)
            stream.close()
            throw UVError(code: code, operation: "opening descriptor \(descriptor) as a \(stream.kind.name)")
        }
        return stream
    }

    func setNoDelay() {
        // The loop gathers writes itself; the kernel must not hold them back.
        if kind == .tcp { unsafe _ = uv_tcp_nodelay(pointer(), 1) }
    }

    // MARK: Addresses

    /// The descriptor, while the stream is open; it stays the stream's.
    package var descriptor: Int32? {
        checkThread("descriptor")
        var descriptor: Int32 = -1
        guard isOpen, unsafe uv_fileno(raw, &descriptor) == 0 else { return nil }
        return descriptor
    }

    /// The other end's address, of a TCP stream that is connected.
    package var peerAddress: SocketAddress? {
        checkThread("peerAddress")
        guard kind == .tcp, isOpen else { return nil }
        return unsafe SockAddr.read { storage, length in unsafe uv_tcp_getpeername(pointer(), storage, length) }
    }

    /// This end's address, of a TCP stream that is connected.
    package var localAddress: SocketAddress? {
        checkThread("localAddress")
        guard kind == .tcp, isOpen else { return nil }
        return unsafe SockAddr.read { storage, length in unsafe uv_tcp_getsockname(pointer(), storage, length) }
    }

    // MARK: The base's hooks

    override func willClose() {
        abandonConnecting()
        splice?.cancel()
        incomingSplice?.cancel()
        queue.value.removeAll()
    }

    override func beginClosing(_ callback: @escaping uv_close_cb) {
        // libuv refuses a reset once the writing side was shut down.
        if resetsOnClose, kind == .tcp, unsafe uv_tcp_close_reset(pointer(), callback) == 0 { return }
        unsafe super.beginClosing(callback)
    }

    override func didClose() {
        let last = exchange(&observer, with: nil)
        last?.streamDidClose(self, error: failure)
    }
}
