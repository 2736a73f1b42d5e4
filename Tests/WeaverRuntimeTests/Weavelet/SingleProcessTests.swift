import Logging
import Synchronization
import TestSupport
import Testing
import WeaverRuntime

@Suite struct SingleProcessTests {
    /// Runs the orchard as one process; gives its exit code and what was logged.
    private func run(
        _ journal: Journal, sections: [String: String] = [Orchard.stock: "apples = 10"],
        watching: (ApplicationProcess) async -> Void = { _ in }
    ) async throws -> (code: Int32, log: [String]) {
        let registry = try Orchard.registry()
        let sink = CollectingSink()
        let code = try await withLoop { loop in
            let replica = ReplicaInfo(application: "orchard", deployment: "d", replica: "r", group: [])
            let environment = SingleEnvironment(
                settings: SingleSettings(application: "orchard", sections: sections), replica: replica, loop: loop,
                level: .info, sink: sink)
            return await Journal.$current.withValue(journal) {
                await SingleProcess.run(registry: registry, environment: environment, watching: watching)
            }
        }
        return (code, sink.entries.withLock { $0 }.map(\.message))
    }

    @Test func `serve() that returns ends the process with 0, and components stop in reverse order of their refs`()
        async throws
    {
        let journal = Journal()
        let (code, _) = try await run(journal)
        #expect(code == 0)
        let expected = [
            "start stock", "start till", "start main", "serve: left: 8", "stop main", "stop till", "stop stock",
        ]
        #expect(journal.all == expected)
    }

    @Test func `serve() that throws is logged, and everything stops before the process ends with 1`() async throws {
        let journal = Journal(life: .fail)
        let (code, log) = try await run(journal)
        #expect(code == 1)
        #expect(log.contains { $0.contains("serve() threw") })
        #expect(journal.all.suffix(3) == ["stop main", "stop till", "stop stock"])
    }

    @Test func `a start() that throws stops what had started and ends the process with 1`() async throws {
        let journal = Journal(failingStart: "till")
        let (code, log) = try await run(journal)
        #expect(code == 1)
        #expect(log.contains { $0.contains("\(Orchard.till) did not start") })
        #expect(journal.all == ["start stock", "stop stock"])
    }

    @Test func `a config section that does not decode is told with its name, and nothing is constructed`() async throws
    {
        let journal = Journal()
        let (code, log) = try await run(journal, sections: [Orchard.stock: "pears = 1"])
        #expect(code == 1)
        #expect(log.contains { $0.contains("[\(Orchard.stock)]: the key 'apples' is missing") })
        #expect(journal.all.isEmpty)
    }

    @Test func `a signal ends a serving process in order, and local calls have ended as remote ones would`()
        async throws
    {
        let journal = Journal(life: .payAndWait)
        let (code, _) = try await run(journal) { process in
            Task {
                try await eventually("it waits: \(journal.all)") { journal.all.contains("waiting") }
                process.report(.signal(15))
            }
        }
        #expect(code == 0)
        #expect(Set(journal.all).isSuperset(of: Orchard.endings))
        #expect(journal.all.suffix(3) == ["stop main", "stop till", "stop stock"])
    }
}

extension Orchard {
    /// What main notes of its calls, whether they are local or remote.
    static let endings: Set<String> = [
        "refused: noHarvest(\"winter\")", "hung: deadlineExceeded", "hang cancelled", "tenant: a", "waiting",
    ]
}
