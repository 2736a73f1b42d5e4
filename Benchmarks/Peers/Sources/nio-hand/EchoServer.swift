import CPeer
import NIOCore
import NIOPosix

/// What is served; async, as methods of services are.
protocol EchoMethods: Sendable {
    func bytes(_ payload: [UInt8]) async throws -> [UInt8]
}

struct EchoService: EchoMethods {
    func bytes(_ payload: [UInt8]) async throws -> [UInt8] { payload }
}

/// Serves until the process ends: a task for each call, on the loop that has read it.
func serve(_ service: any EchoMethods) async throws {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup(numberOfThreads: 1))
        .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
        .childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let executor = LoopExecutor(loop: channel.eventLoop)
                let connection = FramedConnection { connection, id, payload in
                    Task(executorPreference: executor) {
                        guard let result = try? await service.bytes(payload) else { peer_fail("the method has failed") }
                        connection.send(id, result)
                    }
                }
                executor.onIdle = { [weak connection] in connection?.flush() }
                try channel.pipeline.syncOperations.addHandler(connection)
            }
        }
        .bind(host: "127.0.0.1", port: 0).get()
    peer_ready_on_port(Int32(channel.localAddress?.port ?? 0))
    try await channel.closeFuture.get()
}
