import Logging
import ServiceLifecycleTestKit
import Synchronization
import TestSupport
import WeaverCore
import WeaverEmbedding
import WeaverRuntime

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

// Components that the tests of the service share: bench → drawer. The main component is never run by it.

/// What the components of one test have done, in order. They find it where they are constructed.
final class Diary: Sendable {
    @TaskLocal static var current = Diary()

    /// What `start()` of the bench does.
    enum BenchStart: Sendable { case returns, fails, hangs }

    let benchStart: BenchStart
    /// Fulfilled when `start()` of the bench has begun.
    let benchBegins = Promise<Void>()
    private let lines = Mutex<[String]>([])

    init(benchStart: BenchStart = .returns) { self.benchStart = benchStart }

    var all: [String] { lines.withLock { $0 } }

    func note(_ line: String) { lines.withLock { $0.append(line) } }
}

struct DrawerConfig: Codable, Sendable {
    var tools: [String]?
}

@Serializable
enum WorkshopError: Error, Equatable {
    case broken(String)
}

@Component
protocol Drawer: Sendable {
    func tools() async throws -> [String]
    func hang() async throws
}

@Implements(Drawer.self)
actor WoodenDrawer: Drawer {
    @Config var config: DrawerConfig
    private let diary = Diary.current

    func start() async throws { diary.note("start drawer") }
    func stop() async throws { diary.note("stop drawer") }
    func tools() async throws -> [String] { config.tools ?? ["hammer"] }
    func hang() async throws { try await Task.sleep(for: .seconds(60)) }
}

@Component
protocol Bench: Sendable {
    func use(_ tool: Int) async throws -> String
    func fail() async throws
}

@Implements(Bench.self)
final class OakBench: Bench {
    @Ref var drawer: any Drawer
    private let diary = Diary.current

    func start() async throws {
        diary.benchBegins.fulfil(())
        switch diary.benchStart {
        case .returns: diary.note("start bench")
        case .fails: throw WorkshopError.broken("leg")
        case .hangs: try await Task.sleep(for: .seconds(600))
        }
    }

    func stop() async throws { diary.note("stop bench") }
    func use(_ tool: Int) async throws -> String { try await drawer.tools()[tool] }
    func fail() async throws { throw WorkshopError.broken("vice") }
}

@Component
protocol Attic: Sendable {
    func look() async throws
}

@Component
protocol Window: Sendable {
    func address() async throws -> String
}

/// Has a listener, whose clients are told which thread has answered.
@Implements(Window.self)
final class ShopWindow: Window {
    @Listener var workshopWindow: WeaverListener

    func start() async throws {
        let listener = workshopWindow
        Task {
            try await listener.serve { _, _, writer in try await writer.respond(body: "\n\(pthread_self())") }
        }
    }

    func address() async throws -> String { workshopWindow.address }
}

struct BasementConfig: Codable, Sendable {
    var depth: Int
}

@Component
protocol Basement: Sendable {
    func look() async throws
}

@Implements(Basement.self)
final class StoneBasement: Basement {
    @Config var config: BasementConfig
    func look() async throws {}
}

@Implements(Main.self)
final class WorkshopApp: Main {
    @Ref var bench: any Bench
    func serve() async throws { preconditionFailure("nobody runs main here") }
}

extension WeaverService {
    /// Runs the service while `body` does, both in the diary's scope, and then ends it in order.
    func running(_ diary: Diary = Diary(), _ body: @escaping @Sendable () async throws -> Void) async throws {
        try await Diary.$current.withValue(diary) {
            try await testGracefulShutdown { trigger in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await self.run() }
                    group.addTask {
                        defer { trigger.triggerGracefulShutdown() }
                        try await body()
                    }
                    try await group.waitForAll()
                }
            }
        }
    }
}

/// What a service has logged: itself, each line with its level, and for its components, with their names.
final class Notes: LogSink {
    private let lines = Mutex<(own: [String], ofComponents: [String])>(([], []))

    var own: [String] { lines.withLock { $0.own } }
    var ofComponents: [String] { lines.withLock { $0.ofComponents } }
    var handler: any LogHandler { WeaverLogHandler(component: "", replica: "", level: .info, sink: self) }

    func write(_ entry: LogEntry) {
        lines.withLock { lines in
            if let component = entry.attributes["component"] {
                lines.ofComponents.append("\(component): \(entry.message)")
            } else {
                lines.own.append("\(entry.level): \(entry.message)")
            }
        }
    }

    func flush(within bound: Duration) async {}
}
