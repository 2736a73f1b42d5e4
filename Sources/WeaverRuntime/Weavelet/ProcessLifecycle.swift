/// How an application's process ends: a value that hears what happens and says what to do next.
///
/// The way is running → draining → (drained) → stopping → ended, each step at most once, whatever comes in whatever
/// order. A deployer that asks for the drain says itself when to go on, so that no process stops while others, which
/// drain too, still need its components.
package struct ProcessLifecycle: Sendable {
    /// What has happened.
    package enum Event: Sendable, Equatable {
        /// SIGINT or SIGTERM arrived.
        case signal(Int32)
        /// The deployer asks for the drain; it will ask for the shutdown later.
        case drainRequested
        /// The deployer asks for the end; nothing is waited for.
        case shutdownRequested
        /// The deployer is gone; nothing is waited for.
        case controlClosed
        /// `serve()` has returned.
        case serveReturned
        /// `serve()` has thrown, or a component could not be started.
        case failed
        /// Nothing is in flight any more, or the bound for that has passed.
        case drained
        /// All components have stopped, or their bounds have passed.
        case stopped
    }

    /// What to do.
    package enum Action: Sendable, Equatable {
        /// Take no new work and finish what is in flight; then report ``Event/drained``.
        case drain
        /// Stop the components in reverse order of their refs; then report ``Event/stopped``.
        case stopComponents
        /// End the process in order, with this code.
        case exit(Int32)
        /// End the process now, whatever it does, with this code.
        case exitAtOnce(Int32)
    }

    private enum State {
        case running
        case draining(thenStop: Bool)
        case drained
        case stopping
        case ended
    }

    private var state = State.running
    private var exitCode: Int32 = 0
    private var wasSignalled = false

    /// A process that runs.
    package init() {}

    /// Whether the end has begun.
    package var isEnding: Bool {
        if case .running = state { false } else { true }
    }

    /// Hears of `event`; says what to do.
    package mutating func handle(_ event: Event) -> Action? {
        switch event {
        case .signal(let number): signal(number)
        case .drainRequested: beginDrain(thenStop: false)
        case .serveReturned: beginDrain(thenStop: true)
        case .shutdownRequested: beginStop()
        case .controlClosed: beginStop(exitCode: ExitCode.controlClosed)
        case .failed: beginStop(exitCode: ExitCode.failed)
        case .drained: drained()
        case .stopped: stopped()
        }
    }

    /// The first signal ends the process in order; where a drain has begun for another reason, it cuts that short.
    /// Whoever asks twice does not want to wait.
    private mutating func signal(_ number: Int32) -> Action? {
        if wasSignalled { return .exitAtOnce(128 + number) }
        wasSignalled = true
        return beginDrain(thenStop: true) ?? beginStop()
    }

    private mutating func beginDrain(thenStop: Bool) -> Action? {
        guard case .running = state else { return nil }
        state = .draining(thenStop: thenStop)
        return .drain
    }

    private mutating func beginStop(exitCode: Int32 = 0) -> Action? {
        switch state {
        case .running, .draining, .drained:
            state = .stopping
            self.exitCode = exitCode
            return .stopComponents
        case .stopping, .ended:
            return nil
        }
    }

    private mutating func drained() -> Action? {
        guard case .draining(let thenStop) = state else { return nil }
        state = .drained
        return thenStop ? beginStop() : nil
    }

    private mutating func stopped() -> Action? {
        guard case .stopping = state else { return nil }
        state = .ended
        return .exit(exitCode)
    }
}

/// The codes that an application's process ends with, besides 0 and 128 + the signal's number.
package enum ExitCode {
    /// `serve()` threw, or a component could not be started.
    package static let failed: Int32 = 1
    /// The deployer's pipe closed.
    package static let controlClosed: Int32 = 3
    /// The configuration is wrong, as sysexits.h has it.
    package static let badConfiguration: Int32 = 78
}
