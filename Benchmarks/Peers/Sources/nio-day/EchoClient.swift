import CPeer
import NIOCore
import NIOPosix

/// The calling side: an actor that knows which calls are in flight.
actor EchoClient {
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var nextID: UInt64 = 0
    private var calls: [UInt64: CheckedContinuation<[UInt8], any Error>] = [:]

    private init(outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) {
        self.outbound = outbound
    }

    /// Connects, and calls `body` with a client of that connection.
    static func withConnection(port: Int, _ body: @Sendable @escaping (EchoClient) async throws -> Void) async throws {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture { try channel.configureFrames() }
            }
        try await channel.executeThenClose { inbound, outbound in
            let client = EchoClient(outbound: outbound)
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask { try await body(client) }
                for try await var frame in inbound {
                    guard let response = frame.readMessage() else { peer_fail("not a frame") }
                    await client.end(response)
                }
                peer_fail("the server has gone")
            }
        }
    }

    func bytes(_ payload: [UInt8]) async throws -> [UInt8] {
        nextID += 1
        let id = nextID
        return try await withCheckedThrowingContinuation { caller in
            calls[id] = caller
            Task {
                do {
                    try await outbound.write(ByteBuffer(Message(id: id, payload: payload)))
                } catch {
                    calls.removeValue(forKey: id)?.resume(throwing: error)
                }
            }
        }
    }

    private func end(_ response: Message) {
        calls.removeValue(forKey: response.id)?.resume(returning: response.payload)
    }
}
