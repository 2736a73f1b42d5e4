internal import CUV
internal import Synchronization
package import WeaverCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A TCP socket that listens, but from which nothing is accepted yet: the kernel keeps what connects.
///
/// It belongs to no loop, so it can be made and handed on from any thread; ``StreamListener`` takes it over with
/// ``takeDescriptor()``. Dropped before that, it closes.
package final class ListeningSocket: Sendable {
    /// The address that is listened on, with the port that the system chose.
    package let address: SocketAddress
    private let descriptor: Mutex<Int32?>

    /// Binds and listens. Port 0 takes any free port.
    package init(
        address: SocketAddress, backlog: Int32 = StreamListener.defaultBacklog
    ) throws(UVError) {
        let operation = "listening on \(address)"
        guard case .ip(let host, _) = address.kind else {
            throw UVError(code: WEAVER_UV_EINVAL, operation: operation)
        }
        let family = host.contains(":") ? AF_INET6 : AF_INET
        #if canImport(Glibc)
            let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        #else
            let kind = SOCK_STREAM
        #endif
        let socket = socket(family, kind, 0)
        guard socket >= 0 else { throw UVError(code: -errno, operation: operation) }
        do throws(UVError) {
            var yes: Int32 = 1
            unsafe setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
            let length = socklen_t(
                family == AF_INET6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size)
            unsafe try SockAddr.with(address) { pointer throws(UVError) in
                guard unsafe bind(socket, pointer, length) == 0 else {
                    throw UVError(code: -errno, operation: operation)
                }
            }
            guard listen(socket, backlog) == 0 else { throw UVError(code: -errno, operation: operation) }
            let bound = unsafe SockAddr.read { storage, length in
                var size = unsafe socklen_t(length.pointee)
                return unsafe getsockname(socket, storage, &size)
            }
            guard let bound else { throw UVError(code: -errno, operation: operation) }
            self.address = bound
        } catch {
            close(socket)
            throw error
        }
        descriptor = Mutex(socket)
    }

    deinit {
        if let socket = descriptor.withLock({ $0 }) { close(socket) }
    }

    /// Hands the descriptor to the caller, whose it is to close; nil when that has happened before.
    package func takeDescriptor() -> Int32? {
        descriptor.withLock { exchange(&$0, with: nil) }
    }
}
