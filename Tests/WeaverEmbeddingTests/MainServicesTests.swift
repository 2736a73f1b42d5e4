import Logging
import ServiceLifecycle
import TestSupport
import Testing
import WeaverEmbedding
import WeaverLoop
import WeaverRuntime

@Suite(.timeLimit(.minutes(1)))
struct MainServicesTests {
    private struct App: Main {
        func serve() async throws {}
    }

    /// What a service has seen until it was to end.
    private struct Sight: Equatable {
        var isOnLoop: Bool
        var isCancelled: Bool
    }

    /// Runs until it is to end, as a server does.
    private struct Server: Service {
        let loop: EventLoop
        let begins = Promise<Void>()
        let ends = Promise<Sight>()

        func run() async throws {
            let isOnLoop = loop.isInLoop
            begins.fulfil(())
            try? await gracefulShutdown()
            ends.fulfil(Sight(isOnLoop: isOnLoop, isCancelled: Task.isCancelled))
        }
    }

    @Test func `the end of serve shuts its services down in order, cuts nothing off, and they are not on the loop`()
        async throws
    {
        try await withLoop { loop in
            let server = Server(loop: loop)
            let serving = Task(executorPreference: loop) {
                try await App().run([server], logger: Logger(label: "test"))
            }
            await server.begins.wait()
            serving.cancel()
            try await serving.value
            #expect(await server.ends.wait() == Sight(isOnLoop: false, isCancelled: false))
        }
    }

    @Test func `an end that comes before the services run ends them too`() async throws {
        try await withLoop { loop in
            let server = Server(loop: loop)
            let serving = Task(executorPreference: loop) {
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                try await App().run([server], logger: Logger(label: "test"))
            }
            try await serving.value
        }
    }

    @Test func `what a service throws is thrown`() async throws {
        struct Broken: Service {
            func run() async throws { throw WorkshopError.broken("window") }
        }
        await #expect(throws: WorkshopError.broken("window")) {
            try await App().run([Broken()], logger: Logger(label: "test"))
        }
    }
}
