import Synchronization
import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

struct LarderConfig: Codable, Sendable, Equatable {
    var shelves: Int
}

@Component
protocol Larder: Sendable {
    func shelves() async throws -> Int
}

/// A component whose config property is not named `config`, and which needs its section in the initialiser.
@Implements(Larder.self)
final class LarderService: Larder {
    @Config var settings: LarderConfig
    private let shelvesAtFirst: Int

    struct Other: Codable, Sendable {}

    init(context: ComponentContext) async throws {
        shelvesAtFirst = try context.config(LarderConfig.self).shelves
        #expect(throws: NoConfigOfType.self) { try context.config(Other.self) }
    }

    func shelves() async throws -> Int { shelvesAtFirst + settings.shelves }
}

/// What the slow component waits for, and what has become of it.
final class Gate: Sendable {
    @TaskLocal static var current = Gate()
    let isStarting = Promise<Void>()
    let mayStart = Promise<Void>()
    let isStopped = Promise<Void>()
}

@Component
protocol Slow: Sendable {
    func work() async throws
}

/// Starts when the gate opens, whether its task is cancelled or not.
@Implements(Slow.self)
final class SlowService: Slow {
    private let gate = Gate.current

    func start() async throws {
        gate.isStarting.fulfil(())
        await gate.mayStart.wait()
    }

    func stop() async throws { gate.isStopped.fulfil(()) }
    func work() async throws {}
}

@Suite(.timeLimit(.minutes(1)))
struct ComponentHostTests {
    private func host(
        _ loop: EventLoop, _ records: [ImplementationRecord], sections: [String: String] = [:]
    ) throws -> ComponentHost {
        let registry = try ComponentRegistry(linked: [], listed: records + [OrchardApp.implementationRecord])
        let replica = ReplicaInfo(application: "a", deployment: "d", replica: "r", group: [])
        let environment = SingleEnvironment(
            settings: SingleSettings(application: "a", sections: sections), replica: replica, loop: loop, level: .info,
            sink: CollectingSink())
        return ComponentHost(
            registry: registry, hosted: Set(records.map(\.component.name)), environment: environment)
    }

    private var others: [ImplementationRecord] {
        [TillService.implementationRecord, StockService.implementationRecord]
    }

    @Test func `a section is found by its type, whatever the property is called`() async throws {
        try await withLoop { loop in
            let record = LarderService.implementationRecord
            let host = try host(loop, [record] + others, sections: [record.component.name: "shelves = 3"])
            try await host.start([record.component.name])
            let larder = try #require(await host.implementation(of: record.component.name) as? LarderService)
            #expect(try await larder.shelves() == 6)
            #expect(await host.stop().isEmpty)
        }
    }

    @Test func `what is starting when the end begins is stopped, too`() async throws {
        try await withLoop { loop in
            let gate = Gate()
            try await Gate.$current.withValue(gate) {
                let name = SlowService.implementationRecord.component.name
                let host = try host(loop, [SlowService.implementationRecord] + others)
                let start = Task { try await host.start([name]) }
                await gate.isStarting.wait()
                async let problems = host.stop()
                gate.mayStart.fulfil(())
                #expect(await problems.isEmpty)
                await gate.isStopped.wait()
                // Whether it was published before the end began or not: it takes no calls any more.
                _ = await start.result
                #expect(await host.implementation(of: name) == nil)
                await #expect(throws: ComponentStartError.self) { try await host.start([name]) }
            }
        }
    }
}
