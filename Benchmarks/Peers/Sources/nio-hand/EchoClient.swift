import CPeer
import NIOCore
import NIOPosix
import Peer

/// The calling side. On the executor only.
final class EchoClient: @unchecked Sendable {  // All of it is the loop's.
    let executor: LoopExecutor
    private let connection: FramedConnection
    private let calls: CallTable

    private init(executor: LoopExecutor, connection: FramedConnection, calls: CallTable) {
        self.executor = executor
        self.connection = connection
        self.calls = calls
    }

    static func connect(port: Int) async throws -> EchoClient {
        let executor = LoopExecutor(loop: MultiThreadedEventLoopGroup(numberOfThreads: 1).next())
        let calls = CallTable()
        let connection = FramedConnection { _, id, payload in calls.end(id, payload) }
        executor.onIdle = { connection.flush() }
        _ = try await ClientBootstrap(group: executor.loop)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(connection) }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return EchoClient(executor: executor, connection: connection, calls: calls)
    }

    func bytes(_ payload: [UInt8]) async throws -> [UInt8] {
        await withUnsafeContinuation { connection.send(calls.begin($0), payload) }
    }
}

/// Calls in flight; the id is a slot.
final class CallTable: @unchecked Sendable {  // All of it is the loop's.
    private var slots: [UnsafeContinuation<[UInt8], Never>?] = []
    private var free: [Int] = []

    func begin(_ caller: UnsafeContinuation<[UInt8], Never>) -> UInt64 {
        guard let slot = free.popLast() else {
            slots.append(caller)
            return UInt64(slots.count - 1)
        }
        slots[slot] = caller
        return UInt64(slot)
    }

    func end(_ id: UInt64, _ result: [UInt8]) {
        let slot = Int(id)
        guard slots.indices.contains(slot), let caller = slots[slot] else { peer_fail("an answer to no call") }
        slots[slot] = nil
        free.append(slot)
        caller.resume(returning: result)
    }
}
