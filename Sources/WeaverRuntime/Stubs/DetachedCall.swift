internal import Synchronization
internal import WeaverCore
internal import WeaverLoop

/// How a local call gets a task of its own, whose caller waits at most until a deadline.
struct DetachedCall {
    /// Where the call runs.
    let executor: any TaskExecutor
    /// Whose timers see to the deadline: never the pool's, on which every thread may be blocked.
    let loop: EventLoop

    /// Calls on the loop itself.
    static func onLoop(_ loop: EventLoop) -> DetachedCall { DetachedCall(executor: loop, loop: loop) }

    /// Runs `call`, which is given that long from now.
    nonisolated(nonsending)
        func run<R: Sendable>(
            within bound: Duration, _ call: @escaping @concurrent @Sendable () async throws -> R
        ) async throws -> R
    {
        let now = loop.now
        return try await run(call, in: CallContext(deadline: now + bound), now: now)
    }

    /// Runs `call` in `context` and gives what it gives; at the context's deadline, or when the caller is cancelled, the
    /// call's task is cancelled. Past the deadline nothing waits for it any more.
    nonisolated(nonsending)
        func run<R: Sendable>(
            _ call: @escaping @concurrent @Sendable () async throws -> R, in context: CallContext, now: MonotonicTime
        ) async throws -> R
    {
        // A deadline that is seen to cancels the caller's task, and by that this one.
        guard let deadline = context.deadline, context.needsWatch else {
            let task = Task(executorPreference: executor) { try await call() }
            return try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        }
        guard deadline > now else { throw Self.exceeded(mayHaveRun: false) }
        let race = Race<R>()
        let task = Task(executorPreference: executor) {
            await CallContext.with(context.watched) {
                do { race.finish(.success(try await call())) } catch { race.finish(.failure(error)) }
            }
        }
        let alarm = Alarm(loop: loop) {
            race.finish(.failure(Self.exceeded(mayHaveRun: true)))
            task.cancel()
        }
        alarm.set(for: deadline)
        defer { alarm.close() }
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

/// A timer that is set and closed from any thread. Where the loop has ended, or ends before it rings, the pool's clock takes
/// its place.
private final class Alarm: @unchecked Sendable {
    // @unchecked: `timer` and `isClosed` are touched on the loop's thread only.
    private let loop: EventLoop
    private let ring: @Sendable () -> Void
    private var timer: LoopTimer?
    private var isClosed = false

    init(loop: EventLoop, ring: @escaping @Sendable () -> Void) {
        self.loop = loop
        self.ring = ring
    }

    func set(for time: MonotonicTime) {
        loop.handOver { [self] isInLoop in
            guard isInLoop else { return ringWithoutLoop(at: time) }
            guard !isClosed else { return }
            let lifeline = Lifeline { [self] in if !isClosed { ringWithoutLoop(at: time) } }
            do throws(UVError) {
                timer = try LoopTimer(loop: loop) { [ring] in withExtendedLifetime(lifeline) { ring() } }
                timer?.arm(at: time)
            } catch {
                // Without a timer the deadline cannot be kept: better too early than never.
                ring()
            }
        }
    }

    /// It is not called back: a call that has ended does not hear of its deadline.
    private func ringWithoutLoop(at time: MonotonicTime) {
        Task.detached { [loop, ring] in
            try? await Task.sleep(for: time - loop.now)
            ring()
        }
    }

    func close() {
        loop.execute { [self] in
            isClosed = true
            timer?.close()
            timer = nil
        }
    }
}

/// Tells that the timer that holds it is gone: it was closed, or the loop has ended before it rang.
private final class Lifeline {
    private let onEnd: () -> Void

    init(onEnd: @escaping () -> Void) { self.onEnd = onEnd }

    deinit { onEnd() }
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
