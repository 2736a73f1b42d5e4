import CPeer
import NIOCore
import NIOPosix

/// Serves until the process ends: a task for each connection, and one for each call.
func serve() async throws {
    let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .bind(host: "127.0.0.1", port: 0) { channel in
            channel.eventLoop.makeCompletedFuture { try channel.configureFrames() }
        }
    peer_ready_on_port(Int32(listener.channel.localAddress?.port ?? 0))
    try await withThrowingDiscardingTaskGroup { group in
        try await listener.executeThenClose { connections in
            for try await connection in connections {
                // A client that leaves is no matter of the others.
                group.addTask { try? await answer(connection) }
            }
        }
    }
}

private func answer(_ connection: MessageChannel) async throws {
    try await connection.executeThenClose { inbound, outbound in
        try await withThrowingDiscardingTaskGroup { group in
            for try await var frame in inbound {
                guard let request = frame.readMessage() else { peer_fail("not a frame") }
                group.addTask {
                    let result = try await echo(request.payload)
                    try await outbound.write(ByteBuffer(Message(id: request.id, payload: result)))
                }
            }
        }
    }
}

/// The method that is called.
private func echo(_ payload: [UInt8]) async throws -> [UInt8] { payload }
