internal import CUV
internal import Synchronization
package import WeaverCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A socket that listens, TCP or Unix, but from which nothing is accepted yet: the kernel keeps what connects.
///
/// It belongs to no loop, so it can be made and handed on from any thread; ``StreamListener`` takes it over. Dropped
/// before that, it closes.
package final class ListeningSocket: Sendable {
    /// The address that is listened on, with the port that the system chose.
    package let address: SocketAddress
    private let descriptor: Mutex<Int32?>
    /// Whether others accept from the same queue.
    package let isShared: Bool

    /// Binds and listens. Port 0 takes any free port. A Unix socket can be used by its owner only (0600). Its file stays when
    /// the socket closes, and is replaced by the next one; while somebody listens there, the address is in use.
    package convenience init(
        address: SocketAddress, backlog: Int32 = StreamListener.defaultBacklog
    ) throws(UVError) {
        let socket = try Self.listen(on: address, backlog: backlog)
        try self.init(adopting: socket)
    }

    /// A socket that listens already, such as an inherited one; owned from here on, also when this throws. It becomes
    /// close-on-exec.
    package init(adopting socket: Int32, isShared: Bool = false) throws(UVError) {
        guard let bound = SockAddr.bound(socket) else {
            let error = UVError.system("reading the address of descriptor \(socket)")
            _ = CUV.close(socket)
            throw error
        }
        weaver_set_close_on_exec(socket)
        address = bound
        descriptor = Mutex(socket)
        self.isShared = isShared
    }

    /// This socket for `count` loops, at least one, which accept from one queue: whichever is free takes what comes next. The
    /// socket is closed when all of them are. Throws when it was taken before.
    package func shared(by count: Int) throws(UVError) -> [ListeningSocket] {
        guard count > 1 else { return [self] }
        let operation = "sharing \(address)"
        guard let own = takeDescriptor() else { throw UVError(code: WEAVER_UV_EBUSY, operation: operation) }
        var sockets = [try ListeningSocket(adopting: own, isShared: true)]
        for _ in 1..<count {
            let copy = weaver_duplicate(own)
            guard copy >= 0 else { throw .system(operation) }
            sockets.append(try ListeningSocket(adopting: copy, isShared: true))
        }
        return sockets
    }

    deinit {
        if let socket = descriptor.withLock({ $0 }) { _ = CUV.close(socket) }
    }

    /// Hands the descriptor to the caller, whose it is to close; nil when that has happened before.
    package func takeDescriptor() -> Int32? {
        descriptor.withLock { exchange(&$0, with: nil) }
    }

    private static func listen(on address: SocketAddress, backlog: Int32) throws(UVError) -> Int32 {
        let operation = "listening on \(address)"
        return try unsafe SockAddr.with(address) { (raw, length) throws(UVError) -> Int32 in
            let family = unsafe Int32(raw.pointee.sa_family)
            let socket = weaver_stream_socket(family)
            guard socket >= 0 else { throw .system(operation) }
            if family != AF_UNIX { setReuseAddress(socket) }
            var code = unsafe bind(socket, raw, length)
            if code != 0, errno == EADDRINUSE, case .unix(let path) = address.kind,
                unsafe isAbandoned(path, raw, length)
            {
                unsafe unlink(path)
                code = unsafe bind(socket, raw, length)
            }
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

    /// Is there a Unix socket's file on which nobody listens?
    private static func isAbandoned(
        _ path: String, _ raw: UnsafePointer<sockaddr>, _ length: socklen_t
    ) -> Bool {
        var file = stat()
        guard unsafe lstat(path, &file) == 0, file.st_mode & S_IFMT == S_IFSOCK else { return false }
        let probe = weaver_stream_socket(AF_UNIX)
        guard probe >= 0 else { return false }
        defer { _ = CUV.close(probe) }
        // A full queue is another answer: somebody listens.
        return unsafe connect(probe, raw, length) != 0 && errno == ECONNREFUSED
    }

    /// Without it a port stays taken for a minute after its connections have closed.
    private static func setReuseAddress(_ socket: Int32) {
        var on: Int32 = 1
        unsafe setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    }
}
