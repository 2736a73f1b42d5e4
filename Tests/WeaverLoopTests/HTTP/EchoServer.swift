import TestSupport
import Testing
import WeaverCore
import WeaverLoop

/// Answers each request with its own body: a large one as it comes, a small one when it is complete. OPTIONS is answered
/// with a body of the length in Max-Forwards, and the response to DELETE begins and never ends.
final class EchoHandler: HTTPConnectionHandler {
    private unowned let connection: HTTPServerConnection
    private var body = OutputBuffer()
    private var isHeadSent = false

    init(_ connection: HTTPServerConnection) { self.connection = connection }

    func requestDidBegin(_ head: borrowing RequestHead, in bytes: RawSpan) {
        body.truncate(to: 0)
        isHeadSent = false
        if head.method == .delete { return begin() }
        if head.method == .options {
            for field in head.section.fields where bytes.equalsToken("max-forwards", in: field.name.range) {
                let digits = unsafe bytes.extracting(field.value.range).withUnsafeBytes { unsafe [UInt8]($0) }
                body.append([UInt8](repeating: 5, count: Int(String(decoding: digits, as: UTF8.self)) ?? 0))
            }
        }
        if case .length(let count) = head.framing, count > 1 << 20 { sendHead(count) }
    }

    private func begin() {
        let plan = connection.planResponse(.ok, body: .chunked)
        connection.sendHead(plan) { $0.append(ascii: "HTTP/1.1 200 OK\r\n\r\n") }
        unsafe connection.sendBody([UInt8]("begun".utf8).span.bytes)
    }

    private func sendHead(_ length: UInt64) {
        isHeadSent = true
        let plan = connection.planResponse(.ok, body: length > 0 ? .length(length) : .none)
        connection.sendHead(plan) { output in
            output.append(ascii: "HTTP/1.1 200 OK\r\nContent-Length: ")
            output.append(decimal: length)
            output.append(ascii: "\r\n")
            plan.writeConnection(to: &output)
            output.append(ascii: "\r\n")
        }
    }

    func requestDidReceive(_ bytes: RawSpan) {
        guard isHeadSent else { return body.append(bytes) }
        connection.sendBody(bytes)
        if !connection.isWritable { connection.pauseBody() }
    }

    func requestDidEnd(trailers: TrailerSection?) {
        if connection.traits?.method == .delete { return }
        if !isHeadSent {
            sendHead(UInt64(body.count))
            body.withBytes { connection.sendBody($0) }
        }
        connection.finishResponse(trailers: trailers)
    }

    func clientDidDrain() { connection.resumeBody() }
    func clientDidClose() {}
    func deadlineDidPass() {}
    var bufferedBytes: Int { body.count }
}

/// An echo server on its loop, for tests that run elsewhere.
final class EchoServer: @unchecked Sendable {
    // @unchecked: `server` is used on the loop only.
    let loop: EventLoop
    let address: SocketAddress
    private let server: HTTPServer

    private init(loop: EventLoop, server: HTTPServer, address: SocketAddress) {
        self.loop = loop
        self.server = server
        self.address = address
    }

    static func start(
        _ loop: EventLoop, _ configure: @escaping @Sendable (inout HTTPServerConfiguration) -> Void = { _ in }
    ) async throws -> EchoServer {
        try await loop.run {
            var configuration = HTTPServerConfiguration()
            // A test that waits for its turn on a busy machine is no silent client.
            configuration.headerTimeout = .seconds(3600)
            configure(&configuration)
            let server = HTTPServer(loop: loop, configuration: configuration) { EchoHandler($0) }
            try server.start(address: .ip("127.0.0.1", port: 0))
            return EchoServer(loop: loop, server: server, address: server.localAddress ?? .ip("127.0.0.1", port: 0))
        }
    }

    func counters() async throws -> HTTPServerCounters { try await loop.run { self.server.counters } }
    func bufferedBytes() async throws -> Int { try await loop.run { self.server.bufferedBytes } }
    func close() async throws { try await loop.run { self.server.close() } }
}
