import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A socket that listens on a free port of 127.0.0.1, so that nobody else can.
struct ListeningPort {
    let port: UInt16
    private let socket: Int32

    init() throws {
        #if canImport(Glibc)
            socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            socket = Foundation.socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = socket
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(socket, $0, size) == 0 && listen(socket, 1) == 0 && getsockname(socket, $0, &size) == 0
            }
        }
        guard result else { throw ConnectionError.system("listen") }
        port = UInt16(bigEndian: address.sin_port)
    }

    /// A port of 127.0.0.1 that was free a moment ago.
    static func free() throws -> UInt16 {
        let socket = try ListeningPort()
        defer { socket.close() }
        return socket.port
    }

    func close() {
        Foundation.close(socket)
    }
}
