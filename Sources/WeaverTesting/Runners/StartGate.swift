internal import Synchronization

/// Waits until everything that was expected has started, or the first of it could not.
final class StartGate: Sendable {
    private struct State {
        /// How many of each group have not started.
        var missing: [String: Int]
        var isOver = false
    }

    /// What has not started could not.
    struct Failure: Error {
        let reason: String
    }

    private let state: Mutex<State>
    private let end: AsyncThrowingStream<Void, any Error>
    private let finish: AsyncThrowingStream<Void, any Error>.Continuation

    /// Expects so many replicas of each group.
    init(expecting missing: [String: Int]) {
        state = Mutex(State(missing: missing))
        (end, finish) = AsyncThrowingStream.makeStream()
    }

    /// What has not started yet.
    var missing: [String] { state.withLock { $0.missing.keys.sorted() } }

    /// One replica of the group has started.
    func started(_ group: String) {
        let isLast = state.withLock { state in
            guard let count = state.missing[group], !state.isOver else { return false }
            state.missing[group] = count > 1 ? count - 1 : nil
            state.isOver = state.missing.isEmpty
            return state.isOver
        }
        if isLast { finish.finish() }
    }

    /// Something could not start; nothing new once all has started, or something else could not.
    func fail(_ reason: String) {
        let isFirst = state.withLock { state in
            defer { state.isOver = true }
            return !state.isOver
        }
        if isFirst { finish.finish(throwing: Failure(reason: reason)) }
    }

    /// Waits, for so long at most; `names` gives what is waited for. Called once.
    ///
    /// - Throws: ``Failure``; `CancellationError` when the waiting task is cancelled.
    nonisolated(nonsending)
        func wait(within bound: Duration, for names: @escaping @Sendable () async -> [String]) async throws
    {
        let alarm = Task {
            try await Task.sleep(for: bound)
            fail("\(await names().joined(separator: ", ")) did not start within \(bound)")
        }
        defer { alarm.cancel() }
        for try await _ in end {}
        try Task.checkCancellation()
    }
}
