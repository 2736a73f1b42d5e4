internal import Synchronization

/// The handlers of a server that run, wherever their connections are by now. From any thread.
final class RunningHandlers: Sendable {
    private struct State {
        var count = 0
        var whenNone: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    /// One more runs.
    func began() {
        state.withLock { $0.count += 1 }
    }

    /// One has returned, or thrown.
    func ended() {
        let whenNone = state.withLock { state in
            precondition(state.count > 0, "more handlers ended than began")
            state.count -= 1
            return state.count == 0 ? exchange(&state.whenNone, with: []) : []
        }
        for none in whenNone { none() }
    }

    /// Calls `none` once no handler runs, at once when none does.
    func whenNone(_ none: @escaping @Sendable () -> Void) {
        let isNone = state.withLock { state in
            if state.count > 0 { state.whenNone.append(none) }
            return state.count == 0
        }
        if isNone { none() }
    }
}
