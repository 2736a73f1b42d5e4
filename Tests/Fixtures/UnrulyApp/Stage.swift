import HTTPTypes
import Synchronization
import WeaverRuntime

/// What clients of the integration tests stream from and to the application: a line that one client sends to `/say` goes
/// to all that listen, and counts tell what the handlers have seen.
final class Stage: Sendable {
    private struct Counts {
        var written = 0
        var read = 0
        var gone = 0
    }

    private let counts = Mutex(Counts())
    private struct Listeners {
        var lines: [Int: AsyncStream<String>.Continuation] = [:]
        var last = 0
    }

    private let listeners = Mutex(Listeners())

    /// Answers requests below `/stage`; false for others.
    func answer(_ request: HTTPRequest, _ body: HTTPBody, _ writer: HTTPResponseWriter) async throws -> Bool {
        let parts = (request.path ?? "").split(separator: "?", maxSplits: 1).map(String.init)
        switch parts.first {
        case "/stage/events": try await noticing { try await events(writer) }
        case "/stage/pour": try await noticing { try await pour(writer) }
        case "/stage/swallow": try await noticing { try await swallow(body, writer) }
        case "/stage/socket": try await noticing { try await socket(writer) }
        case "/stage/tunnel":
            try await noticing {
                try await writer.upgrade(to: "echo") { tunnel in
                    for try await bytes in tunnel { try await tunnel.write(bytes) }
                    try await tunnel.write("end")
                }
            }
        case "/stage/say":
            let lines = listeners.withLock { $0.lines }
            for line in lines.values { line.yield(parts.count > 1 ? parts[1] : "") }
            try await writer.respond(body: "\(lines.count)")
        case "/stage/counts":
            let counts = counts.withLock { $0 }
            try await writer.respond(body: "\(counts.written) \(counts.read) \(counts.gone)")
        default: return false
        }
        return true
    }

    struct Told: Error {}

    /// Counts a handler that ended because its client had gone.
    private func noticing(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as Told {
            throw error
        } catch {
            counts.withLock { $0.gone += 1 }
            throw error
        }
    }

    /// What is said from now on.
    private func said() -> AsyncStream<String> {
        let (lines, line) = AsyncStream<String>.makeStream()
        let id = listeners.withLock { listeners in
            listeners.last += 1
            listeners.lines[listeners.last] = line
            return listeners.last
        }
        line.onTermination = { _ in self.listeners.withLock { $0.lines[id] = nil } }
        return lines
    }

    /// Server-sent events, until one is `end` or `throw`.
    private func events(_ writer: HTTPResponseWriter) async throws {
        let lines = said()
        try await writer.writeHead(HTTPResponse(status: .ok, headerFields: [.contentType: "text/event-stream"]))
        try await writer.cancelOnDrain {
            for await line in lines {
                if line == "end" { return }
                if line == "throw" { throw Told() }
                try await writer.write("data: \(line)\n\n")
            }
            throw CancellationError()
        }
        if writer.isDraining { try await writer.write("event: drain\n\n") }
    }

    /// A response without an end.
    private func pour(_ writer: HTTPResponseWriter) async throws {
        try await writer.writeHead(HTTPResponse(status: .ok))
        while true {
            try await writer.write([UInt8](repeating: UInt8(ascii: "p"), count: 32 * 1024))
            counts.withLock { $0.written += 32 * 1024 }
        }
    }

    /// Gives messages back, and does what some of them say.
    private func socket(_ writer: HTTPResponseWriter) async throws {
        try await writer.upgradeToWebSocket(subprotocols: ["stage"]) { socket in
            for try await message in socket {
                switch message {
                case .text("close"): return
                case .text("throw"): throw Told()
                default: try await socket.send(message)
                }
            }
        }
    }

    /// Reads one piece of the body, and the rest of it after `go` was said.
    private func swallow(_ body: HTTPBody, _ writer: HTTPResponseWriter) async throws {
        for await line in said() where line == "go" { break }
        var pieces = body.makeAsyncIterator()
        var size = 0
        if let piece = try await pieces.next() {
            size = piece.count
            counts.withLock { $0.read += piece.count }
        }
        for await line in said() where line == "go" { break }
        while let piece = try await pieces.next() {
            size += piece.count
            counts.withLock { $0.read += piece.count }
        }
        try await writer.respond(body: "\(size)")
    }
}
