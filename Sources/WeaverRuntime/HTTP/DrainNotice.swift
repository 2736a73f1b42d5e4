internal import Synchronization

/// Tells the handlers of a server that it drains: what does not end by itself should end. From any thread.
final class DrainNotice: Sendable {
    private struct State {
        var isGiven = false
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var lastWaiter: UInt64 = 0
    }

    private let state = Mutex(State())

    /// Whether the server drains.
    var isGiven: Bool { state.withLock { $0.isGiven } }

    /// The server drains; a second time says nothing new.
    func give() {
        let waiters = state.withLock { state in
            state.isGiven = true
            return exchange(&state.waiters, with: [:])
        }
        for waiter in waiters.values { waiter.resume() }
    }

    /// Returns when the server drains, or when this task is cancelled. Any number of tasks may wait.
    func wait() async {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.isGiven || Task.isCancelled { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }
}
