import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

/// Nobody waits for ever for the end of what was on a loop that has ended.
@Suite(.timeLimit(.minutes(1)))
struct RPCEndedLoopTests {
    @Test func `a server and a channel whose loop has ended are drained and closed`() async throws {
        let loop = try EventLoop(name: "ended")
        let server = try await RPCServer.start(
            loop: loop, hello: .test(), dispatcher: TestDispatcher(record: Record()))
        let channel = RPCChannel(loop: loop, address: server.address, hello: try .test())
        #expect(try await channel.call(.echo, [1]) == [1])
        await loop.end()
        await server.drain()
        await server.close()
        await channel.close()
        await #expect(throws: EventLoop.Ended.self) {
            _ = try await RPCServer.start(
                loop: loop, hello: .test(), dispatcher: TestDispatcher(record: Record()))
        }
    }
}
