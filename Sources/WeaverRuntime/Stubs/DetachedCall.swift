internal import Synchronization

/// One call in a task of its own, whose caller waits at most until a deadline.
enum DetachedCall {
    /// Runs `call` on `executor` (nil is the global pool) and gives what it gives; at the deadline, or when the caller
    /// is cancelled, the call's task is cancelled. Past the deadline nothing waits for it any more.
    nonisolated(nonsending)
        static func run<R: Sendable>(
            _ call: @escaping @concurrent @Sendable () async throws -> R, on executor: (any TaskExecutor)?,
            deadline: MonotonicTime?, now: UInt64
        ) async throws -> R
    {
        guard let deadline else {
            let task = Task(executorPreference: executor) { try await call() }
            return try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        }
        let left = deadline - MonotonicTime(nanoseconds: now)
        guard left > .zero else { throw exceeded(mayHaveRun: false) }
        let race = Race<R>()
        let task = Task(executorPreference: executor) {
            do { race.finish(.success(try await call())) } catch { race.finish(.failure(error)) }
        }
        let timer = Task(executorPreference: executor) {
            try await Task.sleep(for: left)
            race.finish(.failure(exceeded(mayHaveRun: true)))
            task.cancel()
        }
        defer { timer.cancel() }
        return try await withTaskCancellationHandler {
            try await race.value()
        } onCancel: {
            task.cancel()
        }
    }

    private static func exceeded(mayHaveRun: Bool) -> CallError {
        CallError(.deadlineExceeded, "the call's deadline has passed", mayHaveRun: mayHaveRun)
    }
}

/// The first of several results, waited for by one task.
private final class Race<R: Sendable>: Sendable {
    private enum State {
        case open
        case waiting(CheckedContinuation<R, any Error>)
        case finished(Result<R, any Error>)
        case over
    }

    private let state = Mutex(State.open)

    /// Offers a result; the first is taken.
    func finish(_ result: Result<R, any Error>) {
        let waiting: CheckedContinuation<R, any Error>? = state.withLock { state in
            switch state {
            case .open:
                state = .finished(result)
                return nil
            case .waiting(let continuation):
                state = .over
                return continuation
            case .finished, .over:
                return nil
            }
        }
        waiting?.resume(with: result)
    }

    /// Waits for the first result. Called once.
    nonisolated(nonsending)
        func value() async throws -> R
    {
        try await withCheckedThrowingContinuation { continuation in
            let result: Result<R, any Error>? = state.withLock { state in
                guard case .finished(let result) = state else {
                    state = .waiting(continuation)
                    return nil
                }
                state = .over
                return result
            }
            if let result { continuation.resume(with: result) }
        }
    }
}
