import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The least of HTTP: whether a server of this machine answers. Nothing of the code under test.
enum LoopbackSocket {
    /// A port of 127.0.0.1 that nobody listens on.
    static func freePort() throws -> UInt16 {
        let socket = makeSocket()
        defer { close(socket) }
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        var bound = sockaddr_in()
        let result = withAddress(port: 0) { bind(socket, $0, $1) }
        let named = withUnsafeMutablePointer(to: &bound) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &size) }
        }
        guard result == 0, named == 0 else { throw BenchmarkError("there is no free port") }
        return UInt16(bigEndian: bound.sin_port)
    }

    /// The status of the answer to `GET target`; nil when there is none within a second.
    static func status(of target: String, port: UInt16) -> Int? {
        let socket = makeSocket()
        defer { close(socket) }
        var timeout = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        guard withAddress(port: port, { connect(socket, $0, $1) }) == 0 else { return nil }
        let request = [UInt8]("GET \(target) HTTP/1.1\r\nHost: lemon.test\r\nConnection: close\r\n\r\n".utf8)
        guard send(socket, request, request.count, 0) == request.count else { return nil }
        // The status line is the first thing that a server writes, in one piece.
        var answer = [UInt8](repeating: 0, count: 4096)
        let count = recv(socket, &answer, answer.count, 0)
        guard count > 0 else { return nil }
        let words = String(decoding: answer[..<count], as: UTF8.self).split(separator: " ", maxSplits: 2)
        return words.count > 1 ? Int(words[1]) : nil
    }

    private static func makeSocket() -> Int32 {
        #if canImport(Glibc)
            socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            socket(AF_INET, SOCK_STREAM, 0)
        #endif
    }

    private static func withAddress(port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
