import Synchronization
import TestSupport
import Testing

@testable import WeaverCore
@testable import WeaverLoop

@Suite struct EventLoopsTests {
    @Test func `each loop knows itself, and other threads find the first`() async throws {
        try await withLoop { first in
            let loops = try EventLoops(first, count: 3)
            #expect(loops.all.count == 3 && loops.first === first)
            #expect(loops.current === first)
            for loop in loops.all {
                #expect(try await loop.run { loops.current === loop })
            }
            for loop in loops.all.dropFirst() {
                loop.stop()
                #expect(loop.census.isBalanced)
            }
        }
    }

    @Test func `one loop is only the first`() async throws {
        try await withLoop { loop in
            let loops = try EventLoops(loop, count: 1)
            #expect(loops.all.count == 1)
        }
    }

    @Test func `several loops accept from one queue, whose port is theirs until the last of them closes`() async throws
    {
        try await withLoop { first in
            try await withLoop { second in
                let socket = try ListeningSocket(address: .ip("127.0.0.1", port: 0))
                let parts = try socket.shared(by: 2)
                #expect(parts.map(\.address) == [socket.address, socket.address])
                #expect(parts.allSatisfy { $0.isShared })
                let again = try? socket.shared(by: 2)
                #expect(again == nil)
                let accepted = Accepted()
                let listeners = [
                    try await accepted.listen(first, parts[0]), try await accepted.listen(second, parts[1]),
                ]
                for _ in 0..<20 { try await accepted.connect(to: socket.address, on: first) }
                try await eventually("20 of \(accepted.count)") { accepted.count == 20 }
                try await first.run { listeners[0].listener.close() }
                for _ in 0..<5 { try await accepted.connect(to: socket.address, on: first) }
                try await eventually("25 of \(accepted.count)") { accepted.count == 25 }
                let other = try? ListeningSocket(address: socket.address)
                #expect(other == nil)
                try await second.run { listeners[1].listener.close() }
            }
        }
    }

    /// What two loops have accepted, which is closed at once.
    private final class Accepted: Sendable {
        private let number = Mutex(0)

        var count: Int { number.withLock { $0 } }

        struct Listener: @unchecked Sendable {
            // @unchecked: used on its loop's thread only.
            let listener: StreamListener
        }

        func listen(_ loop: EventLoop, _ socket: ListeningSocket) async throws -> Listener {
            try await loop.run {
                Listener(
                    listener: try StreamListener(loop: loop, adopting: socket) { stream in
                        self.number.withLock { $0 += 1 }
                        stream.close()
                    })
            }
        }

        func connect(to address: SocketAddress, on loop: EventLoop) async throws {
            let peer = try await RawPeer.connect(to: address, loop: loop)
            try await peer.close()
        }
    }
}
