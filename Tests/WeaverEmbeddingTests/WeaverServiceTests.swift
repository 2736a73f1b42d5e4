import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing
import WeaverEmbedding
import WeaverLoop
import WeaverRuntime

@Suite(.timeLimit(.minutes(1)))
struct WeaverServiceTests {
    private func service(_ config: WeaverService.Config = .none, name: String = "workshop") -> WeaverService {
        WeaverService(components: [OakBench.self], config: config, logger: Logger(label: name))
    }

    // MARK: Beside other services

    @Test func `components start in the order of their refs, are called, and stop in reverse at graceful shutdown`()
        async throws
    {
        let (service, diary) = (service(.text("[Drawer]\ntools = [\"saw\", \"plane\"]")), Diary())
        try await service.running(diary) {
            let bench = try await service.get((any Bench).self)
            let tools = try await service.get((any Drawer).self).tools()
            let used = try await bench.use(1)
            #expect(used == "plane")
            #expect(tools == ["saw", "plane"])
            await #expect(throws: WorkshopError.broken("vice")) { try await bench.fail() }
        }
        #expect(diary.all == ["start drawer", "start bench", "stop bench", "stop drawer"])
        await #expect(throws: WeaverServiceError.ended) { try await service.get((any Bench).self) }
    }

    @Test func `it runs in a group beside a service that uses it, which ends before it`() async throws {
        let (service, diary) = (service(), Diary())
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: service),
                    .init(
                        service: User(weaver: service, diary: diary),
                        successTerminationBehavior: .gracefullyShutdownGroup),
                ], logger: Logger(label: "test")))
        try await Diary.$current.withValue(diary) { try await group.run() }
        #expect(
            diary.all == ["start drawer", "start bench", "hammer", "the user ends", "stop bench", "stop drawer"])
    }

    /// A service of the team's own, which uses a component from its beginning to its end.
    private struct User: Service {
        let weaver: WeaverService
        let diary: Diary

        func run() async throws {
            let bench = try await weaver.get((any Bench).self)
            diary.note(try await bench.use(0))
            _ = try await bench.use(0)
            diary.note("the user ends")
        }
    }

    // In a process of its own: other tests handle signals.
    @Test func `it installs no signal handler`() async {
        await #expect(processExitsWith: .success) {
            let service = WeaverService(components: [OakBench.self])
            let before = WeaverServiceTests.signalHandlers
            try await service.running {
                _ = try await service.get((any Bench).self)
                #expect(WeaverServiceTests.signalHandlers == before)
            }
        }
    }

    /// The handlers of signals that ask a process to end, as addresses.
    private static var signalHandlers: [UInt] {
        [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM].map { number in
            var action = sigaction()
            unsafe sigaction(number, nil, &action)
            #if canImport(Glibc)
                let handler = unsafe action.__sigaction_handler.sa_handler
            #else
                let handler = unsafe action.__sigaction_u.__sa_handler
            #endif
            return unsafe unsafeBitCast(handler, to: UInt.self)
        }
    }

    @Test func `a service that fails beside it ends it too`() async throws {
        struct Failing: Service {
            let weaver: WeaverService
            func run() async throws {
                _ = try await weaver.get((any Bench).self)
                throw WorkshopError.broken("window")
            }
        }
        let (service, diary) = (service(), Diary())
        let group = ServiceGroup(services: [service, Failing(weaver: service)], logger: Logger(label: "test"))
        await #expect(throws: WorkshopError.broken("window")) {
            try await Diary.$current.withValue(diary) { try await group.run() }
        }
        #expect(diary.all == ["start drawer", "start bench", "stop bench", "stop drawer"])
    }

    @Test func `cancellation ends it as graceful shutdown does`() async throws {
        let (service, diary) = (service(), Diary())
        try await Diary.$current.withValue(diary) {
            let run = Task { try await service.run() }
            _ = try await service.get((any Bench).self)
            run.cancel()
            try await run.value
        }
        #expect(diary.all.suffix(2) == ["stop bench", "stop drawer"])
    }

    @Test func `components start when the first is asked for, and a run goes on with them`() async throws {
        let (service, diary) = (service(), Diary())
        let bench = try await Diary.$current.withValue(diary) { try await service.get((any Bench).self) }
        #expect(diary.all == ["start drawer", "start bench"])
        try await service.running(diary) {
            let tool = try await bench.use(0)
            #expect(tool == "hammer")
        }
        #expect(diary.all == ["start drawer", "start bench", "stop bench", "stop drawer"])
    }

    @Test func `dropped without a run, it stops what was started`() async throws {
        let diary = Diary()
        try await Diary.$current.withValue(diary) { _ = try await service().get((any Bench).self) }
        try await eventually("the components have stopped") { diary.all.last == "stop drawer" }
    }

    // MARK: Several times, and several

    @Test func `it is started and stopped several times, and leaves no thread`() async throws {
        let name = "shop\(UInt32.random(in: 0...UInt32.max))"
        let service = service(name: name)
        for _ in 0..<10 {
            let diary = Diary()
            try await service.running(diary) {
                // Before it is run again it has ended.
                try await eventually("it runs") { (try? await service.get((any Bench).self)) != nil }
                let tool = try await service.get((any Bench).self).use(0)
                #expect(tool == "hammer")
                #expect(try Self.threads(named: name) == 1)
            }
            #expect(diary.all.last == "stop drawer")
        }
        // The system forgets a thread a moment after it was joined.
        try await eventually("the loops' threads are gone") { try Self.threads(named: name) == 0 }
    }

    /// How many threads of this process have the name, as far as Linux keeps names.
    private static func threads(named name: String) throws -> Int {
        let tasks = "/proc/self/task"
        return try FileManager.default.contentsOfDirectory(atPath: tasks).count { task in
            // Other tests' threads may end meanwhile.
            guard let comm = try? String(contentsOfFile: "\(tasks)/\(task)/comm", encoding: .utf8) else { return false }
            return comm.dropLast() == name.prefix(15)
        }
    }

    @Test func `services beside each other have components and config of their own`() async throws {
        let first = service(.text("[Drawer]\ntools = [\"saw\"]"))
        let second = service(.text("[Drawer]\ntools = [\"plane\"]"))
        try await first.running {
            try await second.running {
                let tools = [
                    try await first.get((any Bench).self).use(0), try await second.get((any Bench).self).use(0),
                ]
                #expect(tools == ["saw", "plane"])
            }
            let tool = try await first.get((any Bench).self).use(0)
            #expect(tool == "saw", "the end of one is not the other's")
        }
    }

    @Test func `a main component that is listed or linked is not run, what it has refs to is`() async throws {
        let service = WeaverService(components: [WorkshopApp.self])
        try await service.running {
            let tool = try await service.get((any Bench).self).use(0)
            #expect(tool == "hammer")
        }
    }

    // MARK: From any thread

    @Test func `refs are called from tasks of the pool, many at once, and their deadlines hold`() async throws {
        let service = service()
        try await service.running {
            let bench = try await service.get((any Bench).self)
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<200 { group.addTask { @concurrent in try await bench.use(0) } }
                for try await tool in group { #expect(tool == "hammer") }
            }
            let drawer = try await service.get((any Drawer).self)
            let error = await #expect(throws: CallError.self) {
                try await withCall(deadline: .milliseconds(20)) { try await drawer.hang() }
            }
            #expect(error?.code == .deadlineExceeded)
        }
    }

    @Test func `a caller on the event loop of another library stays there`() async throws {
        let service = service()
        try await withLoop { foreign in
            try await service.running {
                try await Task(executorPreference: foreign) {
                    let bench = try await service.get((any Bench).self)
                    #expect(foreign.isInLoop)
                    let tool = try await bench.use(0)
                    #expect(foreign.isInLoop)
                    #expect(tool == "hammer")
                }.value
            }
        }
    }

    // MARK: Mistakes

    @Test func `a component that does not start is thrown, and what started is stopped`() async throws {
        let (service, diary) = (service(), Diary(benchStart: .fails))
        let entrances: [@Sendable () async throws -> Void] = [
            { try await service.run() }, { _ = try await service.get((any Drawer).self) },
        ]
        for entrance in entrances {
            let error = await #expect(throws: (any Error).self) {
                try await Diary.$current.withValue(diary) { try await entrance() }
            }
            let description = "\(try #require(error))"
            #expect(description.hasPrefix("WeaverEmbeddingTests.Bench did not start: "), "\(description)")
            #expect(description.contains("leg"), "\(description)")
            // The second time it says so without another attempt.
            #expect(diary.all == ["start drawer", "stop drawer"])
        }
    }

    @Test func `graceful shutdown ends it also while a component is starting`() async throws {
        let (service, diary) = (service(), Diary(benchStart: .hangs))
        let asked = Promise<Task<any Bench, any Error>>()
        try await service.running(diary) {
            await diary.benchBegins.wait()
            asked.fulfil(Task { try await service.get((any Bench).self) })
        }
        #expect(diary.all == ["start drawer", "stop drawer"])
        await #expect(throws: WeaverServiceError.ended) { try await asked.wait().value }
    }

    @Test func `who waits for the start can be cancelled, and the others wait on`() async throws {
        let (service, diary) = (service(), Diary(benchStart: .hangs))
        try await service.running(diary) {
            let (first, second) = (
                Task { try await service.get((any Bench).self) }, Task { try await service.get((any Bench).self) }
            )
            await diary.benchBegins.wait()
            first.cancel()
            await #expect(throws: CancellationError.self) { try await first.value }
            second.cancel()
            await #expect(throws: CancellationError.self) { try await second.value }
        }
    }

    @Test func `a second run while it runs, and an interface that nothing has, are errors in words`() async throws {
        let service = service()
        try await service.running {
            _ = try await service.get((any Bench).self)
            await #expect(throws: WeaverServiceError.alreadyRunning) { try await service.run() }
            let error = await #expect(throws: WeaverServiceError.self) { try await service.get((any Attic).self) }
            let names = "there are WeaverEmbeddingTests.Bench, WeaverEmbeddingTests.Drawer"
            #expect(error?.description.hasSuffix(names) == true, "\(String(describing: error))")
            _ = try await service.get((any Bench).self)
        }
    }

    @Test(
        arguments: [
            ("[Drawr]\ntools = []", "config:1: "), ("[Drawer]\ntools = 3", "config:2: [WeaverEmbeddingTests.Drawer]: "),
            ("[Drawer]\ntools = [", "config:"),
        ])
    func `a mistake in the config is told with its line before anything starts`(
        text: String, message: String
    ) async throws {
        let diary = Diary()
        let error = await #expect(throws: (any Error).self) {
            try await Diary.$current.withValue(diary) { try await service(.text(text)).run() }
        }
        let description = "\(try #require(error))"
        #expect(description.hasPrefix(message), "\(description)")
        #expect(diary.all == [])
    }
}
