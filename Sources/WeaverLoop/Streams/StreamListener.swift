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
    /// The same where other loops accept from the same queue: one that is quicker must not take all that waits.
    package static let sharedAcceptsPerTick = 1
    /// How long accepting pauses when the process or the system has no descriptors or memory left.
    package static let pauseWithoutDescriptors = Duration.milliseconds(100)

    /// The address that is listened on, with the port that the system chose.
    package let address: SocketAddress?
    private let socket: Int32
    private let isUnix: Bool
    private let accepts: Int
    private var onAccept: ((ByteStream) -> Void)?
    private var resume: LoopTimer?

    /// Listens on `address`, see ``ListeningSocket``. `onAccept` gets each connection, which is its to close; reading
    /// begins when it says so.
    package convenience init(
        loop: EventLoop, address: SocketAddress, backlog: Int32 = StreamListener.defaultBacklog,
        onAccept: @escaping (ByteStream) -> Void
    ) throws(UVError) {
        loop.preconditionInLoop("listener.init")
        let socket = try ListeningSocket(address: address, backlog: backlog)
        try self.init(loop: loop, adopting: socket, onAccept: onAccept)
    }

    /// Takes over `socket` and accepts what has connected to it and what will. Throws when it was taken before.
    package init(
        loop: EventLoop, adopting socket: ListeningSocket, onAccept: @escaping (ByteStream) -> Void
    ) throws(UVError) {
        let operation = "accepting on \(socket.address)"
        guard let descriptor = socket.takeDescriptor() else {
            throw UVError(code: WEAVER_UV_EBUSY, operation: operation)
        }
        self.socket = descriptor
        self.onAccept = onAccept
        address = socket.address
        accepts = socket.isShared ? Self.sharedAcceptsPerTick : Self.acceptsPerTick
        isUnix = if case .unix = socket.address.kind { true } else { false }
        do throws(UVError) {
            unsafe try super.init(loop: loop, kind: .listener, as: uv_poll_t.self, operation: operation) {
                raw, handle in
                unsafe uv_poll_init(raw, handle, descriptor)
            }
        } catch {
            _ = CUV.close(descriptor)
            throw error
        }
        watch()
    }

    /// The listening descriptor; it stays the listener's.
    package var descriptor: Int32? { isOpen ? socket : nil }

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
        for _ in 0..<accepts where isOpen {
            let descriptor = weaver_accept(socket)
            if descriptor >= 0 {
                deliver(descriptor)
            } else if !goesOn(after: uv_translate_sys_error(errno)) {
                return
            }
        }
    }

    private func deliver(_ descriptor: Int32) {
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
