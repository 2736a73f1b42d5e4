internal import CUV
internal import WeaverCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Between ``SocketAddress`` and the C structures.
enum SockAddr {
    /// Lends the C form of an address, and its length, to `body`.
    static func with<R>(
        _ address: SocketAddress, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(UVError) -> R
    ) throws(UVError) -> R {
        let storage = UnsafeMutablePointer<sockaddr_storage>.allocate(capacity: 1)
        defer { unsafe storage.deallocate() }
        unsafe storage.initialize(to: sockaddr_storage())
        let raw = UnsafeMutableRawPointer(storage)
        let length: Int
        switch address.kind {
        case .ip(let host, let port) where host.contains(":"):
            let code = unsafe uv_ip6_addr(host, Int32(port), raw.assumingMemoryBound(to: sockaddr_in6.self))
            try check(code, "reading the address \(address)")
            length = MemoryLayout<sockaddr_in6>.size
        case .ip(let host, let port):
            let code = unsafe uv_ip4_addr(host, Int32(port), raw.assumingMemoryBound(to: sockaddr_in.self))
            try check(code, "reading the address \(address)")
            length = MemoryLayout<sockaddr_in>.size
        case .unix(let path):
            unsafe try fill(raw.assumingMemoryBound(to: sockaddr_un.self), path: path)
            length = MemoryLayout<sockaddr_un>.size
        }
        return try unsafe body(UnsafePointer(raw.assumingMemoryBound(to: sockaddr.self)), socklen_t(length))
    }

    /// libuv and the kernel would cut a longer path, and use another file than the one that was named.
    static func checkPath(_ path: String) throws(UVError) {
        guard path.utf8.count < SocketAddress.maximumPathLength, !path.isEmpty, !path.utf8.contains(0) else {
            throw UVError(code: WEAVER_UV_ENAMETOOLONG, operation: "using \(path) as a socket's path")
        }
    }

    private static func fill(_ address: UnsafeMutablePointer<sockaddr_un>, path: String) throws(UVError) {
        try checkPath(path)
        unsafe address.pointee.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.pointee.sun_path) { target in
            unsafe target.copyBytes(from: path.utf8)
        }
    }

    /// The address that a descriptor is bound to.
    static func bound(_ descriptor: Int32) -> SocketAddress? {
        unsafe read { storage, length in
            var size = unsafe socklen_t(length.pointee)
            return unsafe getsockname(descriptor, storage, &size)
        }
    }

    /// Reads an address that a call of the form of getsockname fills in; nil when the call fails.
    static func read(
        _ fill: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<Int32>) -> Int32
    ) -> SocketAddress? {
        let storage = UnsafeMutablePointer<sockaddr_storage>.allocate(capacity: 1)
        defer { unsafe storage.deallocate() }
        unsafe storage.initialize(to: sockaddr_storage())
        let raw = UnsafeMutableRawPointer(storage)
        var length = Int32(MemoryLayout<sockaddr_storage>.size)
        let generic = unsafe raw.assumingMemoryBound(to: sockaddr.self)
        guard unsafe fill(generic, &length) == 0 else { return nil }
        var text = [CChar](repeating: 0, count: 64)
        switch unsafe Int32(generic.pointee.sa_family) {
        case AF_UNIX:
            let address = unsafe raw.assumingMemoryBound(to: sockaddr_un.self)
            let path = unsafe withUnsafeBytes(of: &address.pointee.sun_path) { unsafe $0.prefix { $0 != 0 }.map { $0 } }
            return .unix(String(decoding: path, as: UTF8.self))
        case AF_INET6:
            let address = unsafe raw.assumingMemoryBound(to: sockaddr_in6.self)
            guard unsafe uv_ip6_name(address, &text, text.count) == 0 else { return nil }
            return unsafe .ip(string(text), port: UInt16(bigEndian: address.pointee.sin6_port))
        case AF_INET:
            let address = unsafe raw.assumingMemoryBound(to: sockaddr_in.self)
            guard unsafe uv_ip4_name(address, &text, text.count) == 0 else { return nil }
            return unsafe .ip(string(text), port: UInt16(bigEndian: address.pointee.sin_port))
        default: return nil
        }
    }

    private static func string(_ text: [CChar]) -> String {
        String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
