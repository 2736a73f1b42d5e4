import ArgumentParser
import NIOCore
import NIOPosix
@_spi(Benchmarks) import WeaverRuntime

/// Where the code is that calls a component of its own process.
enum LocalCaller: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// On the loop that components run on, as other components are.
    case loop
    /// In a task of Swift's pool, as handlers of Hummingbird are.
    case pool
    /// On an event loop of SwiftNIO.
    case nio

    /// Runs `body` there.
    func run<R: Sendable>(
        _ weavelet: BenchmarkWeavelet, _ body: @escaping @Sendable () async throws -> R
    ) async throws -> R {
        switch self {
        case .loop: try await Task(executorPreference: weavelet.executor) { try await body() }.value
        case .pool: try await Task { @concurrent in try await body() }.value
        case .nio: try await EventLoopCaller(loop: MultiThreadedEventLoopGroup.singleton.next()).run(body)
        }
    }
}

/// An actor that lives on an event loop of SwiftNIO.
private actor EventLoopCaller {
    private let loop: any EventLoop

    init(loop: any EventLoop) {
        self.loop = loop
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.executor.asUnownedSerialExecutor() }

    /// Inherits the actor: what `body` calls returns to the event loop.
    func run<R: Sendable>(_ body: @Sendable () async throws -> R) async throws -> R {
        loop.preconditionInEventLoop()
        let result = try await body()
        loop.preconditionInEventLoop()
        return result
    }
}
