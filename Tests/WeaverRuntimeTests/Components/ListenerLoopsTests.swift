import HTTPTypes
import Synchronization
import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A listener of a process that has two loops.
@Suite(.timeLimit(.minutes(1)))
struct ListenerLoopsTests {
    /// Blocks threads until it is opened.
    private final class Gate: Sendable {
        private let isOpen = Atomic<Bool>(false)

        func open() { isOpen.store(true, ordering: .releasing) }
        func block() { while !isOpen.load(ordering: .acquiring) { usleep(1000) } }
    }

    /// Requests that wait.
    private final class Waiting: Sendable {
        let all = Mutex<[AsyncStream<Void>.Continuation]>([])
    }

    /// Serves with `handler` on two loops, whose clients are on a third.
    private func withListener(
        _ handler: @escaping @Sendable (EventLoops, HTTPRequest, HTTPResponseWriter) async throws -> Void,
        _ body: (SocketAddress, EventLoop) async throws -> Void
    ) async throws {
        try await withLoop { first in
            try await withLoop { second in
                try await withLoop { clients in
                    let loops = EventLoops(first, [second])
                    let listener = try WeaverListener(name: "web", address: .ip("127.0.0.1", port: 0), loops: loops)
                    async let served: Void = listener.serve { request, _, writer in
                        try await handler(loops, request, writer)
                    }
                    try await body(try #require(SocketAddress(listener.address)), clients)
                    await listener.drain()
                    try await served
                }
            }
        }
    }

    @Test func `who connects while one loop is blocked is served by another, on its own thread`() async throws {
        let gate = Gate()
        let (blocked, block) = AsyncStream<Void>.makeStream()
        try await withListener { loops, request, writer in
            let name = loops.current === loops.first ? "first" : "second"
            #expect(loops.current.isInLoop)
            if request.path == "/block" {
                block.yield()
                gate.block()
            }
            // Suspended and resumed, a handler is still on its connection's loop.
            try await writer.respond(body: "\(name).")
            #expect(name == (loops.current === loops.first ? "first" : "second"))
        } _: { address, clients in
            let slow = try await RawPeer.connect(to: address, loop: clients)
            try await slow.send("GET /block HTTP/1.1\r\nHost: a\r\n\r\n")
            for await _ in blocked { break }
            var quickAnswers: Set<String> = []
            for _ in 0..<4 {
                let quick = try await RawPeer.connect(to: address, loop: clients)
                try await quick.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                quickAnswers.insert(String(await quick.receiveAll().suffix(7)))
                try await quick.close()
            }
            gate.open()
            let slowAnswer = await slow.receive(".")
            try await slow.close()
            #expect(quickAnswers.count == 1)
            #expect(slowAnswer.hasSuffix("first.") == (quickAnswers == ["second."]), "\(quickAnswers)")
        }
    }

    @Test func `a drain waits for what is in flight on each loop`() async throws {
        let (started, start) = AsyncStream<Void>.makeStream()
        let waiting = Waiting()
        try await withLoop { first in
            try await withLoop { second in
                try await withLoop { clients in
                    let loops = EventLoops(first, [second])
                    let listener = try WeaverListener(name: "web", address: .ip("127.0.0.1", port: 0), loops: loops)
                    async let served: Void = listener.serve { _, _, writer in
                        let (mine, end) = AsyncStream<Void>.makeStream()
                        waiting.all.withLock { $0.append(end) }
                        start.yield()
                        for await _ in mine {}
                        try await writer.respond(body: "late.")
                    }
                    let address = try #require(SocketAddress(listener.address))
                    var peers: [RawPeer] = []
                    for _ in 0..<8 {
                        let peer = try await RawPeer.connect(to: address, loop: clients)
                        try await peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                        peers.append(peer)
                    }
                    var count = 0
                    for await _ in started {
                        count += 1
                        if count == 8 { break }
                    }
                    async let drained: Void = listener.drain()
                    for end in waiting.all.withLock({ $0 }) { end.finish() }
                    for peer in peers {
                        #expect(await peer.receiveAll().hasSuffix("late."))
                        try await peer.close()
                    }
                    await drained
                    try await served
                }
            }
        }
    }
}
