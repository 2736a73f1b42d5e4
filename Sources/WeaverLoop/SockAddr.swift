internal import CUV
internal import WeaverCore

/// Between ``SocketAddress`` and the C structures.
enum SockAddr {
    /// Lends the C form of an IP address to `body`.
    static func with(
        _ address: SocketAddress, _ body: (UnsafePointer<sockaddr>) throws(UVError) -> Void
    ) throws(UVError) {
        guard case .ip(let host, let port) = address.kind else {
            throw UVError(code: WEAVER_UV_EINVAL, operation: "using \(address) as an IP address")
        }
        let storage = UnsafeMutablePointer<sockaddr_storage>.allocate(capacity: 1)
        defer { unsafe storage.deallocate() }
        let raw = UnsafeMutableRawPointer(storage)
        let code =
            host.contains(":")
            ? unsafe uv_ip6_addr(host, Int32(port), raw.assumingMemoryBound(to: sockaddr_in6.self))
            : unsafe uv_ip4_addr(host, Int32(port), raw.assumingMemoryBound(to: sockaddr_in.self))
        try check(code, "reading the address \(address)")
        try unsafe body(UnsafePointer(raw.assumingMemoryBound(to: sockaddr.self)))
    }

    /// Reads an address that a call of the form of getsockname fills in; nil when the call fails.
    static func read(
        _ fill: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<Int32>) -> Int32
    ) -> SocketAddress? {
        let storage = UnsafeMutablePointer<sockaddr_storage>.allocate(capacity: 1)
        defer { unsafe storage.deallocate() }
        let raw = UnsafeMutableRawPointer(storage)
        var length = Int32(MemoryLayout<sockaddr_storage>.size)
        let generic = unsafe raw.assumingMemoryBound(to: sockaddr.self)
        guard unsafe fill(generic, &length) == 0 else { return nil }
        var text = [CChar](repeating: 0, count: 64)
        let port: UInt16
        if unsafe Int32(generic.pointee.sa_family) == AF_INET6 {
            let v6 = unsafe raw.assumingMemoryBound(to: sockaddr_in6.self)
            guard unsafe uv_ip6_name(v6, &text, text.count) == 0 else { return nil }
            port = unsafe UInt16(bigEndian: v6.pointee.sin6_port)
        } else {
            let v4 = unsafe raw.assumingMemoryBound(to: sockaddr_in.self)
            guard unsafe uv_ip4_name(v4, &text, text.count) == 0 else { return nil }
            port = unsafe UInt16(bigEndian: v4.pointee.sin_port)
        }
        let host = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return .ip(String(decoding: host, as: UTF8.self), port: port)
    }
}
