internal import Logging
internal import WeaverCore
internal import WeaverRuntime

/// All components in the test's process, with plain calls between them.
final class LocalRun: Run {
    private let runtime: EmbeddedRuntime
    private let log: TestLog

    private init(_ runtime: EmbeddedRuntime, _ log: TestLog) {
        self.runtime = runtime
        self.log = log
    }

    /// Starts all components; what cannot start leaves nothing.
    static func start(_ application: TestApplication, log: TestLog, timeout: Duration) async throws -> LocalRun {
        let config = application.config
        let level = WeaverLogHandler.levelOfProcess
        let runtime = try EmbeddedRuntime(
            registry: application.registry,
            settings: SingleSettings(application: config.config.name, sections: config.sections), name: "weaver-test"
        ) { component in
            Logger(label: component) { _ in
                WeaverLogHandler(component: component, replica: "", level: level, sink: log)
            }
        }
        let run = LocalRun(runtime, log)
        let gate = StartGate(expecting: [config.config.name: 1])
        // Detached: components see no more of the test's task than in other processes.
        let starting = Task.detached {
            do {
                try await runtime.start()
                gate.started(config.config.name)
            } catch {
                gate.fail("\(error)")
            }
        }
        do {
            try await gate.wait(within: timeout) { await runtime.starting.map { [$0] } ?? [] }
        } catch {
            await run.stop()
            // stop() has given it its time; it may not hear that it is cancelled.
            starting.cancel()
            await starting.value
            throw error
        }
        return run
    }

    var references: [ObjectIdentifier: any Sendable] { runtime.allReferences }
    var listenerAddresses: [String: String] { get async { await runtime.listenerAddresses } }

    func stop() async {
        for problem in await runtime.stop() { log.note(.error, problem) }
    }
}
