/// How an application's process ends: a value that hears what happens and says what to do next.
///
/// The way is always running → draining → stopping → ended, each step once, whatever comes in whatever order.
package struct ProcessLifecycle: Sendable {
    /// What has happened.
    package enum Event: Sendable, Equatable {
        /// SIGINT or SIGTERM arrived.
        case signal(Int32)
        /// The deployer asks for the end, or its pipe has closed.
        case endRequested(EndReason)
        /// `serve()` has returned.
        case serveReturned
        /// `serve()` has thrown, or a component could not be started.
        case failed
        /// Nothing is in flight any more, or the bound for that has passed.
        case drained
        /// All components have stopped, or their bounds have passed.
        case stopped
    }

    /// Why a deployer ends a process.
    package enum EndReason: Sendable, Equatable {
        /// The deployment ends, or this replica is not needed: calls in flight are finished first.
        case drain
        /// Nothing is waited for.
        case shutdown
        /// The deployer is gone. Nothing is waited for.
        case controlClosed
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

    private enum State { case running, draining, stopping, ended }

    private var state = State.running
    private var exitCode: Int32 = 0

    /// A process that runs.
    package init() {}

    /// Whether the end has begun.
    package var isEnding: Bool { state != .running }

    /// Hears of `event`; says what to do.
    package mutating func handle(_ event: Event) -> Action? {
        switch event {
        case .signal(let number):
            // Whoever asks twice does not want to wait.
            return isEnding ? .exitAtOnce(128 + number) : begin(.drain)
        case .endRequested(.drain):
            return begin(.drain)
        case .endRequested(.shutdown):
            return begin(.stopComponents)
        case .endRequested(.controlClosed):
            return begin(.stopComponents, exitCode: ExitCode.controlClosed)
        case .serveReturned:
            return begin(.drain)
        case .failed:
            return begin(.stopComponents, exitCode: ExitCode.failed)
        case .drained:
            guard state == .draining else { return nil }
            state = .stopping
            return .stopComponents
        case .stopped:
            guard state == .stopping else { return nil }
            state = .ended
            return .exit(exitCode)
        }
    }

    private mutating func begin(_ action: Action, exitCode: Int32 = 0) -> Action? {
        switch (state, action) {
        case (.running, .drain):
            state = .draining
        case (.running, .stopComponents), (.draining, .stopComponents):
            state = .stopping
        default:
            return nil
        }
        self.exitCode = exitCode
        return action
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
