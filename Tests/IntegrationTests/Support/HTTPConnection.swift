import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A response as it came over the wire.
struct Response: Equatable {
    var status: Int
    /// By lower-case name.
    var headers: [String: String]
    var body: String
}

/// What a connection could not do.
struct ConnectionError: Error, CustomStringConvertible {
    var description: String

    static func system(_ what: String) -> ConnectionError {
        unsafe ConnectionError(description: "\(what): \(String(cString: strerror(errno)))")
    }
}

/// An HTTP/1.1 connection that is kept open, over a blocking socket: small, and independent of the code under test.
final class HTTPConnection {
    /// How long an answer may take.
    static let timeout = 20

    private let socket: Int32
    private var received: [UInt8] = []

    /// Connects to a port of 127.0.0.1.
    init(port: UInt16) throws {
        #if canImport(Glibc)
            let kind = Int32(SOCK_STREAM.rawValue)
        #else
            let kind = SOCK_STREAM
        #endif
        socket = Foundation.socket(AF_INET, kind, 0)
        var timeout = timeval(tv_sec: Self.timeout, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
        unsafe setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, size)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result != 0 {
            let error = ConnectionError.system("connect")
            close(socket)
            throw error
        }
    }

    deinit {
        close(socket)
    }

    /// Sends a request and waits for its answer.
    func request(
        _ method: String, _ target: String, _ body: String = "", headers: [String: String] = [:]
    ) throws -> Response {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: lemon.test\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if !body.isEmpty { head += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
        try send([UInt8]((head + "\r\n" + body).utf8))
        return try response()
    }

    private func send(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Foundation.send(
                    socket, buffer.baseAddress?.advanced(by: offset), buffer.count - offset, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw ConnectionError.system("send") }
            offset += count
        }
    }

    private func response() throws -> Response {
        let lines = try line(endingHead: true)
        let parts = lines[0].split(separator: " ")
        guard parts.count >= 2, let status = Int(parts[1]) else {
            throw ConnectionError(description: "not a status line: \(lines[0])")
        }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let field = line.split(separator: ":", maxSplits: 1)
            guard field.count == 2 else { throw ConnectionError(description: "not a header: \(line)") }
            headers[field[0].lowercased()] = field[1].trimmingCharacters(in: .whitespaces)
        }
        var body: [UInt8] = []
        if let length = headers["content-length"].flatMap({ Int($0) }) {
            body = try take(length)
        } else if headers["transfer-encoding"] == "chunked" {
            while let size = Int(try line(endingHead: false)[0], radix: 16), size > 0 {
                body += try take(size)
                _ = try take(2)
            }
            _ = try take(2)
        }
        return Response(status: status, headers: headers, body: String(decoding: body, as: UTF8.self))
    }

    /// The lines up to the next line end, or up to the empty line after a head.
    private func line(endingHead: Bool) throws -> [String] {
        let end = [UInt8]((endingHead ? "\r\n\r\n" : "\r\n").utf8)
        while true {
            if let range = received.firstRange(of: end) {
                let text = String(decoding: received[..<range.lowerBound], as: UTF8.self)
                received.removeSubrange(..<range.upperBound)
                return text.components(separatedBy: "\r\n")
            }
            try receive()
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while received.count < count { try receive() }
        defer { received.removeFirst(count) }
        return Array(received.prefix(count))
    }

    private func receive() throws {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(socket, $0.baseAddress, $0.count, 0) }
        if count < 0 { throw ConnectionError.system("receive") }
        if count == 0 { throw ConnectionError(description: "the connection was closed") }
        received += buffer[..<count]
    }
}

/// Runs `body` on `count` threads at once, so that blocking calls do not wait for each other, and gives what they threw.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) async -> [any Error] {
    await withTaskGroup(of: (any Error)?.self) { group in
        for index in 0..<count {
            group.addTask {
                await withCheckedContinuation { continuation in
                    Thread.detachNewThread {
                        do {
                            try body(index)
                            continuation.resume(returning: nil)
                        } catch {
                            continuation.resume(returning: error)
                        }
                    }
                }
            }
        }
        var errors: [any Error] = []
        for await error in group { if let error { errors.append(error) } }
        return errors
    }
}
