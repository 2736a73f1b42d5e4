import HTTPTypes
import WeaverRuntime

/// What `weaver-bench single` asks: an application whose requests make a call within the process, which computes for a while.
@main
@Implements(Main.self)
final class SingleApp: Main {
    @Ref var worker: any Worker
    @Listener var door: WeaverListener

    func serve() async throws {
        try await door.serve { request, _, writer in
            let size = Int((request.path ?? "/").dropFirst()) ?? 0
            try await writer.respond(body: try await self.worker.answer(size))
        }
    }
}

@Component
protocol Worker: Sendable {
    /// So many bytes, which depend on what was computed.
    func answer(_ size: Int) async throws -> [UInt8]
}

struct WorkerConfig: Codable, Sendable {
    /// How often a number is mixed for each answer: some 0.3 ns each.
    var rounds: Int
}

@Implements(Worker.self)
final class WorkerService: Worker {
    @Config var config: WorkerConfig

    func answer(_ size: Int) async throws -> [UInt8] {
        var state = UInt64(size) | 1
        for _ in 0..<config.rounds {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
        }
        return [UInt8](repeating: UInt8(truncatingIfNeeded: state), count: size)
    }
}
