internal import CUV
package import WeaverCore

/// A listening socket, TCP or Unix.
package final class StreamListener: UVHandle {
    /// How many connections the kernel keeps for us before they are accepted.
    package static let defaultBacklog: Int32 = 1024
    private var onAccept: ((ByteStream) -> Void)?

    /// Listens on `address`. Port 0 takes any free port, see ``address``. `onAccept` gets each connection, which is
    /// its to close. A Unix socket's path must be free; the file stays when the listener closes.
    package init(
        loop: EventLoop, address: SocketAddress, backlog: Int32 = StreamListener.defaultBacklog,
        onAccept: @escaping (ByteStream) -> Void
    ) throws(UVError) {
        self.onAccept = onAccept
        let operation = "listening on \(address)"
        switch address.kind {
        case .ip:
            unsafe try super.init(loop: loop, kind: .tcpListener, as: uv_tcp_t.self, operation: operation) {
                raw, handle in
                unsafe uv_tcp_init(raw, handle)
            }
        case .unix:
            unsafe try super.init(loop: loop, kind: .pipeListener, as: uv_pipe_t.self, operation: operation) {
                raw, handle in
                unsafe uv_pipe_init(raw, handle, 0)
            }
        }
        do throws(UVError) {
            switch address.kind {
            case .ip:
                unsafe try SockAddr.with(address) { socketAddress throws(UVError) in
                    unsafe try check(uv_tcp_bind(pointer(), socketAddress, 0), operation)
                }
            case .unix(let path):
                unsafe try check(uv_pipe_bind(pointer(), path), operation)
            }
            try startListening(backlog: backlog, operation)
        } catch {
            close()
            throw error
        }
    }

    /// Takes over `socket` and accepts what has connected to it and what will. Throws when it was taken before.
    package init(
        loop: EventLoop, adopting socket: ListeningSocket, backlog: Int32 = StreamListener.defaultBacklog,
        onAccept: @escaping (ByteStream) -> Void
    ) throws(UVError) {
        self.onAccept = onAccept
        let operation = "accepting on \(socket.address)"
        unsafe try super.init(loop: loop, kind: .tcpListener, as: uv_tcp_t.self, operation: operation) { raw, handle in
            unsafe uv_tcp_init(raw, handle)
        }
        do throws(UVError) {
            guard let descriptor = socket.takeDescriptor() else {
                throw UVError(code: WEAVER_UV_EBUSY, operation: operation)
            }
            let code = unsafe uv_tcp_open(pointer(), descriptor)
            if code < 0 {
                _ = CUV.close(descriptor)
                throw UVError(code: code, operation: operation)
            }
            try startListening(backlog: backlog, operation)
        } catch {
            close()
            throw error
        }
    }

    /// libuv reports an address in use only here.
    private func startListening(backlog: Int32, _ operation: String) throws(UVError) {
        unsafe try check(
            uv_listen(pointer(), backlog) { handle, status in
                let listener: StreamListener = unsafe UVHandle.of(handle?.pointee.data)
                listener.connectionWaits(status)
            }, operation)
    }

    private func connectionWaits(_ status: Int32) {
        loop.stall.workBegan()
        guard isOpen else { return }
        // Errors here are those of a connection that never was, such as ECONNABORTED. Without descriptors left libuv
        // accepts and closes what waits, by a descriptor it keeps in reserve, so the loop does not spin.
        guard status >= 0, let stream = try? ByteStream.accept(from: self) else { return }
        if let onAccept { onAccept(stream) } else { stream.close() }
    }

    /// The address that is listened on, with the port that the system chose.
    package var address: SocketAddress? {
        guard isOpen, kind == .tcpListener else { return nil }
        return unsafe SockAddr.read { storage, length in unsafe uv_tcp_getsockname(pointer(), storage, length) }
    }

    /// The listening descriptor; it stays the listener's.
    package var descriptor: Int32? {
        var descriptor: Int32 = -1
        guard isOpen, unsafe uv_fileno(raw, &descriptor) == 0 else { return nil }
        return descriptor
    }

    override func didClose() { onAccept = nil }
}
