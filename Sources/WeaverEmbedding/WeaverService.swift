public import Logging
public import ServiceLifecycle
internal import Synchronization
public import WeaverRuntime

/// Components inside a service that a team already has, beside its other services in one `ServiceGroup`.
///
///     let weaver = WeaverService(config: .file("weaver.toml"))
///     let categories = try await weaver.get((any Categories).self)
///     let server = buildServer(categories)
///     try await ServiceGroup(services: [weaver, server], gracefulShutdownSignals: [.sigterm], logger: logger).run()
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
        /// A file of the form of `weaver.toml`, whose `[weaver]` section may be left out. It may be the one that deploys the
        /// same binary: what an embedded service does not use of it is logged when it starts.
        case file(String)
        /// The text of such a file.
        case text(String)
    }

    private enum Phase {
        case idle
        /// Those wait who have asked for a component.
        case starting(Task<Void, Never>, [UInt64: CheckedContinuation<EmbeddedRuntime, any Error>])
        case running(EmbeddedRuntime)
        /// It has ended, or could not start.
        case ended(any Error)
    }

    private struct State {
        var phase = Phase.idle
        /// Whether ``run()`` has been called and has not returned.
        var isRun = false
        var nextWaiter: UInt64 = 0
    }

    private let components: [any Implementation.Type]
    private let config: Config
    private let logger: Logger
    private let state = Mutex(State())

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

    deinit {
        // Started by get(), and never run.
        guard case .running(let runtime) = state.withLock({ $0.phase }) else { return }
        Task.detached { _ = await runtime.stop() }
    }

    /// Starts the components, unless ``get(_:)`` has, waits for graceful shutdown or cancellation, and stops them again, in
    /// reverse order of their refs; either ends it also while they are starting, and it then returns without an error.
    ///
    /// - Throws: what a component that does not start has thrown, with those that had started stopped again; the mistake
    ///   in the config, or in the components' refs, before anything has started; ``WeaverServiceError/alreadyRunning``.
    public func run() async throws {
        try beginRun()
        defer { state.withLock { $0.isRun = false } }
        let runtime: EmbeddedRuntime
        do {
            runtime = try await cancelWhenGracefulShutdown { try await self.started() }
        } catch {
            guard Task.isCancelled || Task.isShuttingDownGracefully else { throw error }
            return await endStart()
        }
        // Cancellation is an end like any other.
        try? await gracefulShutdown()
        state.withLock { $0.phase = .ended(WeaverServiceError.ended) }
        await stop(runtime)
    }

    /// The component with an interface, as a `@Ref` property would hold it: `try await weaver.get((any Categories).self)`.
    ///
    /// Starts the components where they have not been, so that other services can be made with refs; ``run()`` goes on with
    /// them. What it gives may be kept, and called from any thread, until the service ends; a component's methods run where
    /// its caller does, on the pool with `runsOn: .pool`, and an actor's on its executor.
    ///
    /// - Throws: what a component that does not start has thrown; ``WeaverServiceError`` when nothing that runs has the
    ///   interface, or the service has ended; `CancellationError` when the waiting task is cancelled.
    public func get<Interface: Sendable>(_ interface: Interface.Type) async throws -> Interface {
        let runtime = try await started()
        do {
            return try runtime.reference(to: interface)
        } catch {
            throw WeaverServiceError.unknownInterface("\(error)")
        }
    }

    // MARK: Starting

    /// A service that has ended may be run again.
    private func beginRun() throws(WeaverServiceError) {
        let isFirst = state.withLock { state in
            guard !state.isRun else { return false }
            state.isRun = true
            if case .ended = state.phase { state.phase = .idle }
            return true
        }
        if !isFirst { throw .alreadyRunning }
    }

    /// What runs, once all components have started. The first who asks starts them.
    private func started() async throws -> EmbeddedRuntime {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer = state.withLock { wait(&$0, number, continuation) }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> CheckedContinuation<EmbeddedRuntime, any Error>? in
                guard case .starting(let task, var waiters) = state.phase else { return nil }
                defer { state.phase = .starting(task, waiters) }
                return waiters.removeValue(forKey: number)
            }
            waiter?.resume(throwing: CancellationError())
        }
    }

    /// Lets a caller wait; gives the answer where there is one already.
    private func wait(
        _ state: inout State, _ number: UInt64, _ continuation: CheckedContinuation<EmbeddedRuntime, any Error>
    ) -> Result<EmbeddedRuntime, any Error>? {
        // Its cancellation has found nobody who waits.
        if Task.isCancelled { return .failure(CancellationError()) }
        switch state.phase {
        case .running(let runtime): return .success(runtime)
        case .ended(let error): return .failure(error)
        case .idle: state.phase = .starting(Task { await self.start() }, [number: continuation])
        case .starting(let task, var waiters):
            waiters[number] = continuation
            state.phase = .starting(task, waiters)
        }
        return nil
    }

    private func start() async {
        do {
            let runtime = try EmbeddedRuntime(
                components: components, config: appConfig(), name: logger.label, logger: componentLogger)
            for note in runtime.notes { logger.log(level: note.isWarning ? .warning : .notice, "\(note)") }
            do {
                try await runtime.start()
            } catch {
                await stop(runtime)
                throw error
            }
            finishStart(.running(runtime), .success(runtime))
        } catch {
            // Only run() cancels it, at the end.
            let error = Task.isCancelled ? WeaverServiceError.ended : error
            finishStart(.ended(error), .failure(error))
        }
    }

    private func finishStart(_ next: Phase, _ result: Result<EmbeddedRuntime, any Error>) {
        let waiters = state.withLock { state in
            defer { state.phase = next }
            if case .starting(_, let waiters) = state.phase { return waiters }
            return [:]
        }
        for waiter in waiters.values { waiter.resume(with: result) }
    }

    // MARK: Ending

    /// Ends what is starting, or has just started.
    private func endStart() async {
        let starting = state.withLock { state -> Task<Void, Never>? in
            if case .starting(let task, _) = state.phase { task } else { nil }
        }
        starting?.cancel()
        await starting?.value
        let runtime = state.withLock { state -> EmbeddedRuntime? in
            defer { state.phase = .ended(WeaverServiceError.ended) }
            return if case .running(let runtime) = state.phase { runtime } else { nil }
        }
        if let runtime { await stop(runtime) }
    }

    private func stop(_ runtime: EmbeddedRuntime) async {
        for problem in await runtime.stop() { logger.error("\(problem)") }
    }

    // MARK: What the runtime gets

    private func appConfig() throws -> AppConfig? {
        switch config {
        case .none: nil
        case .file(let path): try AppConfig.load(path)
        case .text(let text): try AppConfig(text: text, file: "config", directory: ".")
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
    /// It has ended, and was not run again.
    case ended
    /// Nothing that runs has the interface.
    case unknownInterface(String)

    /// In words.
    public var description: String {
        switch self {
        case .alreadyRunning: "the service runs already"
        case .ended: "the service has ended"
        case .unknownInterface(let reason): reason
        }
    }
}
