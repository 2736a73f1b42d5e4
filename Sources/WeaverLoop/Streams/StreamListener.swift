internal import CUV
package import WeaverCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A listening socket, TCP or Unix.
///
/// It accepts by itself instead of through libuv: when the process has no descriptors left, libuv accepts and closes
/// whatever waits, and without its reserve descriptor it spins. Here what waits stays in the kernel's queue and
/// accepting pauses for ``pauseWithoutDescriptors``.
@safe
package final class StreamListener: UVHandle {
    /// How many connections the kernel keeps for us before they are accepted.
    package static let defaultBacklog: Int32 = 1024
    /// How many connections are accepted before the loop does something else.
    package static let acceptsPerTick = 64
    /// How long accepting pauses when the process or the system has no descriptors or memory left.
    package static let pauseWithoutDescriptors = Duration.milliseconds(100)

    /// The address that is listened on, with the port that the system chose.
    package let address: SocketAddress?
    private let socket: Int32
    private var onAccept: ((ByteStream) -> Void)?
    private var resume: LoopTimer?

    /// Listens on `address`. Port 0 takes any free port, see ``address``. `onAccept` gets each connection, which is
    /// its to close; reading begins when it says so. A Unix socket can be used by its owner only (0600); its path must
    /// be free, and the file stays when the listener closes.
    package convenience init(
        loop: EventLoop, address: SocketAddress, backlog: Int32 = StreamListener.defaultBacklog,
        onAccept: @escaping (ByteStream) -> Void
    ) throws(UVError) {
        loop.preconditionInLoop("listener.init")
        let socket = try Self.listen(on: address, backlog: backlog)
        try self.init(loop: loop, adopting: socket, onAccept: onAccept)
    }

    /// Accepts from a socket that listens already, such as an inherited one. The listener owns the descriptor from
    /// here on, also when this throws.
    package init(
        loop: EventLoop, adopting socket: Int32, onAccept: @escaping (ByteStream) -> Void
    ) throws(UVError) {
        self.socket = socket
        self.onAccept = onAccept
        weaver_set_close_on_exec(socket)
        address = SockAddr.bound(socket)
        do throws(UVError) {
            unsafe try super.init(
                loop: loop, kind: .listener, as: uv_poll_t.self, operation: "accepting from descriptor \(socket)"
            ) { raw, handle in
                unsafe uv_poll_init(raw, handle, socket)
            }
        } catch {
            _ = CUV.close(socket)
            throw error
        }
        watch()
    }

    /// The listening descriptor; it stays the listener's.
    package var descriptor: Int32? { isOpen ? socket : nil }

    // MARK: Listening

    private static func listen(on address: SocketAddress, backlog: Int32) throws(UVError) -> Int32 {
        let operation = "listening on \(address)"
        return try unsafe SockAddr.with(address) { (raw, length) throws(UVError) -> Int32 in
            let family = unsafe Int32(raw.pointee.sa_family)
            let socket = weaver_stream_socket(family)
            guard socket >= 0 else { throw .system(operation) }
            if family != AF_UNIX { setReuseAddress(socket) }
            var code = unsafe bind(socket, raw, length)
            // Nobody can connect between bind and listen, so the path is never open to others.
            if code == 0, case .unix(let path) = address.kind { code = unsafe chmod(path, 0o600) }
            if code == 0 { code = CUV.listen(socket, backlog) }
            guard code == 0 else {
                let error = UVError.system(operation)
                _ = CUV.close(socket)
                throw error
            }
            return socket
        }
    }

    /// Without it a port stays taken for a minute after its connections have closed.
    private static func setReuseAddress(_ socket: Int32) {
        var on: Int32 = 1
        unsafe setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    // MARK: Accepting

    private func watch() {
        guard isOpen else { return }
        // It fails only for a descriptor that cannot be polled, which uv_poll_init has refused.
        unsafe uv_poll_start(pointer(), CInt(UV_READABLE.rawValue)) { handle, _, _ in
            let listener: StreamListener = unsafe UVHandle.of(handle?.pointee.data)
            listener.acceptWaiting()
        }
    }

    private func acceptWaiting() {
        loop.stall.workBegan()
        for _ in 0..<Self.acceptsPerTick where isOpen {
            let descriptor = weaver_accept(socket)
            if descriptor >= 0 {
                deliver(descriptor)
            } else if !goesOn(after: uv_translate_sys_error(errno)) {
                return
            }
        }
    }

    private func deliver(_ descriptor: Int32) {
        let isUnix = if case .unix = address?.kind { true } else { false }
        guard
            let stream = isUnix
                ? try? ByteStream.adopt(pipe: descriptor, loop: loop)
                : try? ByteStream.adopt(socket: descriptor, loop: loop)
        else { return }
        if let onAccept { onAccept(stream) } else { stream.close() }
    }

    /// Whether the next connection may be accepted after `code`.
    private func goesOn(after code: Int32) -> Bool {
        switch code {
        case WEAVER_UV_EAGAIN: return false
        case WEAVER_UV_EMFILE, WEAVER_UV_ENFILE, WEAVER_UV_ENOBUFS, WEAVER_UV_ENOMEM:
            pause()
            return false
        default: return true  // EINTR, or the error of one connection that ended before it was accepted
        }
    }

    private func pause() {
        unsafe uv_poll_stop(pointer())
        if resume == nil { resume = try? LoopTimer(loop: loop) { [unowned self] in watch() } }
        resume?.arm(after: Self.pauseWithoutDescriptors)
    }

    override func willClose() {
        resume?.close()
        resume = nil
        // The port is free from here on, not only after the close callback.
        unsafe uv_poll_stop(pointer())
        _ = CUV.close(socket)
    }

    override func didClose() { onAccept = nil }
}
