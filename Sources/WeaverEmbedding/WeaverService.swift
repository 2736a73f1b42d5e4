public import Logging
public import ServiceLifecycle
internal import Synchronization
public import WeaverRuntime

/// Components inside a service that a team already has, beside its other services in one `ServiceGroup`.
///
///     let weaver = WeaverService()
///     let categories = CategoriesController(weaver)     // asks for (any Categories).self before its first use
///     let group = ServiceGroup(services: [weaver, hummingbird], logger: logger)
///     try await group.run()
///
/// It takes part in graceful shutdown: list it before the services that use it, which are then ended first. It installs no
/// signal handler, bootstraps nothing, never exits the process and needs no `Main`. It may be run again after it has ended,
/// and several may live beside each other, each with a loop of its own. SIGPIPE is ignored where nothing handles it, as
/// SwiftNIO does.
public final class WeaverService: Service {
    /// Where the sections of the components are.
    public enum Config: Sendable {
        /// There is none: a component whose `@Config` needs a key does not start.
        case none
        /// A file of the form of `weaver.toml`, whose `[weaver]` section may be left out.
        case file(String)
        /// The text of such a file.
        case text(String)
    }

    private enum State {
        /// It has not started, or is starting: those wait who have asked for a component.
        case waiting(isStarting: Bool, [UInt64: CheckedContinuation<Void, any Error>])
        case running(EmbeddedRuntime)
        /// It has ended, or could not start.
        case ended(WeaverServiceError)
    }

    private let components: [any Implementation.Type]
    private let config: Config
    private let logger: Logger
    private let state = Mutex<(state: State, nextWaiter: UInt64)>((.waiting(isStarting: false, [:]), 0))

    /// A service that runs nothing yet.
    ///
    /// - Parameters:
    ///   - components: the implementations to run, with all that they have refs to; all that are linked when it is empty. A
    ///     `Main` among them is left out.
    ///   - config: where the components' sections are.
    ///   - logger: what the loggers of the components begin with: its handler, level and metadata. Each gets the metadata
    ///     `component`.
    public init(
        components: [any Implementation.Type] = [], config: Config = .none, logger: Logger = Logger(label: "weaver")
    ) {
        self.components = components
        self.config = config
        self.logger = logger
    }

    /// Starts the components, waits for graceful shutdown or cancellation, and stops them again, in reverse order of their
    /// refs; either ends it also while they are starting, and it then returns without an error.
    ///
    /// - Throws: what a component that does not start has thrown, with those that had started stopped again; the mistake
    ///   in the config, or in the components' refs, before anything has started; ``WeaverServiceError/alreadyRunning``.
    public func run() async throws {
        try begin()
        let runtime: EmbeddedRuntime
        do {
            runtime = try EmbeddedRuntime(
                components: components, config: embeddedConfig, name: logger.label, logger: componentLogger)
        } catch {
            end(.notStarted("\(error)"))
            throw error
        }
        do {
            try await cancelWhenGracefulShutdown { try await runtime.start() }
        } catch {
            let isAskedToEnd = Task.isCancelled || Task.isShuttingDownGracefully
            end(isAskedToEnd ? .ended : .notStarted("\(error)"))
            await stop(runtime)
            if isAskedToEnd { return }
            throw error
        }
        publish(runtime)
        // Cancellation is an end like any other.
        try? await gracefulShutdown()
        end(.ended)
        await stop(runtime)
    }

    /// In a task of its own: it takes its time also when the service's task was cancelled.
    private func stop(_ runtime: EmbeddedRuntime) async {
        for problem in await Task(operation: { await runtime.stop() }).value { logger.error("\(problem)") }
    }

    /// The component with an interface, as a `@Ref` property would hold it: `try await weaver.get((any Categories).self)`.
    ///
    /// Waits until the service has started. What it gives may be kept, and called from any thread, until the service ends.
    /// Throws `WeaverServiceError` when nothing that runs has the interface, or the service has ended; `CancellationError`
    /// when the waiting task is cancelled.
    public func get<Interface: Sendable>(_ interface: Interface.Type) async throws -> Interface {
        while true {
            switch state.withLock({ $0.state }) {
            case .running(let runtime):
                do {
                    return try runtime.reference(to: interface)
                } catch {
                    throw WeaverServiceError.unknownInterface("\(error)")
                }
            case .ended(let error): throw error
            case .waiting: try await waitForStart()
            }
        }
    }

    // MARK: The state

    /// A service that has ended may be run again; those who ask from now on wait for it.
    private func begin() throws(WeaverServiceError) {
        let isRunning = state.withLock { value in
            switch value.state {
            case .running, .waiting(isStarting: true, _): return true
            case .waiting(isStarting: false, let waiters): value.state = .waiting(isStarting: true, waiters)
            case .ended: value.state = .waiting(isStarting: true, [:])
            }
            return false
        }
        if isRunning { throw .alreadyRunning }
    }

    private func publish(_ runtime: EmbeddedRuntime) {
        change(to: .running(runtime)) { $0.resume() }
    }

    private func end(_ error: WeaverServiceError) {
        change(to: .ended(error)) { $0.resume(throwing: error) }
    }

    private func change(to next: State, _ resume: (CheckedContinuation<Void, any Error>) -> Void) {
        let waiters = state.withLock { value in
            defer { value.state = next }
            if case .waiting(_, let waiters) = value.state { return waiters }
            return [:]
        }
        for waiter in waiters.values { resume(waiter) }
    }

    private func waitForStart() async throws {
        let number = state.withLock { value in
            value.nextWaiter += 1
            return value.nextWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let goesOn = state.withLock { value in
                    guard case .waiting(let isStarting, var waiters) = value.state, !Task.isCancelled else {
                        return true
                    }
                    waiters[number] = continuation
                    value.state = .waiting(isStarting: isStarting, waiters)
                    return false
                }
                guard goesOn else { return }
                Task.isCancelled ? continuation.resume(throwing: CancellationError()) : continuation.resume()
            }
        } onCancel: {
            let waiter = state.withLock { value -> CheckedContinuation<Void, any Error>? in
                guard case .waiting(let isStarting, var waiters) = value.state else { return nil }
                defer { value.state = .waiting(isStarting: isStarting, waiters) }
                return waiters.removeValue(forKey: number)
            }
            waiter?.resume(throwing: CancellationError())
        }
    }

    private var embeddedConfig: EmbeddedRuntime.Config {
        switch config {
        case .none: .none
        case .file(let path): .file(path)
        case .text(let text): .text(text)
        }
    }

    private var componentLogger: @Sendable (String) -> Logger {
        { [logger] component in
            var own = logger
            own[metadataKey: "component"] = "\(component)"
            return own
        }
    }
}

/// Why a service gives no component, or does not run.
public enum WeaverServiceError: Error, Equatable, CustomStringConvertible {
    /// ``WeaverService/run()`` was called while it runs.
    case alreadyRunning
    /// A component did not start.
    case notStarted(String)
    /// It has ended, and was not run again.
    case ended
    /// Nothing that runs has the interface.
    case unknownInterface(String)

    /// In words.
    public var description: String {
        switch self {
        case .alreadyRunning: "the service runs already"
        case .notStarted(let reason): "the service did not start: \(reason)"
        case .ended: "the service has ended"
        case .unknownInterface(let reason): reason
        }
    }
}
