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
    /// So many bytes of the alphabet, as the clients want them, once enough was computed.
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
        // It never gets 0; the compiler does not know that, and has to compute.
        let first = state == 0 ? UInt8(ascii: "A") : UInt8(ascii: "a")
        return (0..<size).map { first + UInt8($0 % 26) }
    }
}
