internal import CUV

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// What libuv or the system refused, and what was being done.
package struct UVError: Error, Equatable, CustomStringConvertible {
    /// libuv's code: a negated errno, or one of its own.
    package let code: Int32
    /// What was being done, such as "listening on 127.0.0.1:80".
    package let operation: String

    package init(code: Int32, operation: String) {
        self.code = code
        self.operation = operation
    }

    /// The error that the last system call of this thread left in `errno`.
    static func system(_ operation: String) -> UVError {
        UVError(code: uv_translate_sys_error(errno), operation: operation)
    }

    /// Whether the address is taken by another socket.
    package var isAddressInUse: Bool { code == WEAVER_UV_EADDRINUSE }

    /// Whether the machine, or this process's limits, have nothing left to give: it may be otherwise in a moment.
    package var isShortage: Bool {
        [
            WEAVER_UV_EMFILE, WEAVER_UV_ENFILE, WEAVER_UV_EAGAIN, WEAVER_UV_ENOMEM, WEAVER_UV_ENOBUFS,
            WEAVER_UV_EADDRNOTAVAIL,
        ].contains(code)
    }

    /// Whether nobody listens at a Unix socket's path any more.
    package var isConnectionRefused: Bool { code == WEAVER_UV_ECONNREFUSED }

    /// Whether there is no file of that name.
    package var isNoSuchFile: Bool { code == WEAVER_UV_ENOENT }

    /// Whether the peer closed its side in an orderly way.
    package var isEndOfStream: Bool { code == WEAVER_UV_EOF }

    /// Whether a bound on the time ran out.
    package var isTimeout: Bool { code == WEAVER_UV_ETIMEDOUT }

    /// The system's name of the code, such as `EADDRINUSE`.
    package var name: String { unsafe String(cString: uv_err_name(code)) }

    /// "listening on 127.0.0.1:80: address already in use (EADDRINUSE)"
    package var description: String {
        unsafe "\(operation): \(String(cString: uv_strerror(code))) (\(name))"
    }
}

/// Turns libuv's return code into an error.
@inline(__always)
func check(_ code: Int32, _ operation: @autoclosure () -> String) throws(UVError) {
    if code < 0 { throw UVError(code: code, operation: operation()) }
}
