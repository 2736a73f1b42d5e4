package import Logging
internal import Synchronization
internal import WeaverCore
internal import WeaverLoop

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The life of an application's process, the same alone and in a deployment: runs `serve()`, and performs what
/// ``ProcessLifecycle`` decides. May be used from any thread.
package final class ApplicationProcess: Sendable {
    /// How long the end may take.
    package struct Bounds: Sendable {
        /// For what is in flight: requests, calls, and `serve()` itself. 10 s by default.
        package var drain = EndBounds.drain

        /// The defaults.
        package init() {}
    }

    private struct State {
        var lifecycle = ProcessLifecycle()
        var serving: Task<Void, Never>?
        var isDrained = false
        var onDrained: [@Sendable () -> Void] = []
        var exitCode: Int32?
        var waiter: CheckedContinuation<Int32, Never>?
    }

    private let host: ComponentHost
    private let environment: any HostEnvironment
    private let logger: Logger
    private let bounds: Bounds
    private let exitAtOnce: @Sendable (Int32) -> Void
    private let state = Mutex(State())
    // Made and closed on the loop's thread only.
    private nonisolated(unsafe) var signals: [SignalSource] = []

    /// A process whose components are in `host`. `exitAtOnce` ends the process without any order.
    package init(
        host: ComponentHost, environment: any HostEnvironment, logger: Logger, bounds: Bounds = Bounds(),
        exitAtOnce: @escaping @Sendable (Int32) -> Void = { _exit($0) }
    ) {
        self.host = host
        self.environment = environment
        self.logger = logger
        self.bounds = bounds
        self.exitAtOnce = exitAtOnce
    }

    // MARK: What happens

    /// Starts `components`; a failure is logged, ends the process and is thrown.
    package func start(_ components: [String]) async throws {
        do {
            try await host.start(components)
        } catch {
            if !state.withLock({ $0.lifecycle.isEnding }) {
                logger.error("\(error)")
                report(.failed)
            }
            throw error
        }
    }

    /// Runs `serve()` of the main component, which has started, in a task on the loop.
    package func serve() async {
        guard let main = await host.implementation(of: ComponentRegistry.main) as? any Main else { return }
        let task = Task(executorPreference: environment.loop) { [self] in
            do {
                try await main.serve()
                report(.serveReturned)
            } catch  where Task.isCancelled {
                // What a cancelled serve() throws says nothing but that it was cancelled.
                report(.serveReturned)
            } catch {
                logger.error("serve() threw: \(error)")
                report(.failed)
            }
        }
        let isEnding = state.withLock { state in
            state.serving = task
            return state.lifecycle.isEnding
        }
        if isEnding { task.cancel() }
    }

    /// Drains the process because the deployer asks for it; `done` is called once nothing is in flight any more.
    package func drain(_ done: @escaping @Sendable () -> Void) {
        let isDrained = state.withLock { state in
            if !state.isDrained { state.onDrained.append(done) }
            return state.isDrained
        }
        if isDrained { return done() }
        report(.drainRequested)
    }

    /// Hears of `event`, and does what it asks for.
    package func report(_ event: ProcessLifecycle.Event) {
        let (action, drained) = state.withLock { state in
            let action = state.lifecycle.handle(event)
            guard event == .drained else { return (action, [@Sendable () -> Void]()) }
            state.isDrained = true
            defer { state.onDrained = [] }
            return (action, state.onDrained)
        }
        for done in drained { done() }
        guard let action else { return }
        switch event {
        case .serveReturned: environment.leaving(completed: true)
        case .signal, .failed: environment.leaving(completed: false)
        case .drainRequested, .shutdownRequested, .controlClosed, .drained, .stopped: break
        }
        perform(action)
    }

    /// Waits for the end; gives the code that the process shall exit with.
    package func exitCode() async -> Int32 {
        await withCheckedContinuation { continuation in
            let code = state.withLock { state in
                if state.exitCode == nil { state.waiter = continuation }
                return state.exitCode
            }
            if let code { continuation.resume(returning: code) }
        }
    }

    // MARK: What is done

    private func perform(_ action: ProcessLifecycle.Action) {
        switch action {
        case .drain: onLoop { await $0.drain() }
        case .stopComponents: onLoop { await $0.stopComponents() }
        case .exit(let code): exit(code)
        case .exitAtOnce(let code): exitAtOnce(code)
        }
    }

    private func onLoop(_ body: @escaping @Sendable (ApplicationProcess) async -> Void) {
        Task(executorPreference: environment.loop) { await body(self) }
    }

    private func drain() async {
        do {
            try await DetachedCall.onLoop(environment.loop).run(within: bounds.drain) {
                await self.finishWhatIsInFlight()
            }
        } catch {
            logger.warning("calls or requests are still in flight after \(bounds.drain); the process ends without them")
        }
        report(.drained)
    }

    private func finishWhatIsInFlight() async {
        async let calls: Void = environment.drainCalls()
        await host.drainListeners()
        await calls
        let serving = state.withLock { $0.serving }
        serving?.cancel()
        await serving?.value
    }

    private func stopComponents() async {
        state.withLock { $0.serving }?.cancel()
        await endCalls()
        for problem in await host.stop() { logger.error("\(problem)") }
        report(.stopped)
    }

    /// Sees to it that no component is stopped under a call: new ones are refused, and those that run end, or are
    /// cancelled. After a drain there are none.
    private func endCalls() async {
        do {
            try await DetachedCall.onLoop(environment.loop).run(within: EndBounds.lastCalls) {
                await self.environment.drainCalls()
            }
        } catch {
            await environment.cancelCalls()
        }
    }

    private func exit(_ code: Int32) {
        let waiter = state.withLock { state in
            state.exitCode = code
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: code)
    }

    // MARK: Signals

    /// Ends the process when one of `ending` arrives; `ignored` do nothing any more.
    package func watchSignals(ending: [Int32], ignored: [Int32] = []) {
        environment.loop.execute { [self] in
            let loop = environment.loop
            for number in ending {
                guard let source = try? SignalSource(loop: loop, signal: number, onSignal: { self.report(.signal($0)) })
                else { continue }
                unsafe signals.append(source)
            }
            for number in ignored {
                guard let source = try? SignalSource(loop: loop, signal: number, onSignal: { _ in }) else { continue }
                unsafe signals.append(source)
            }
        }
    }

    /// Gives the signals back to the system.
    package func unwatchSignals() async {
        // A loop that has ended has closed them.
        try? await environment.loop.run { [self] in
            for source in unsafe signals { source.close() }
            unsafe signals = []
        }
    }
}
