internal import Synchronization
internal import WeaverLoop

/// Whether a client takes more of what is written to it, and the tasks that wait until it does.
struct WriterRoom: ~Copyable, Sendable {
    // Not private: the compiler wants the layout where this is a property.
    struct State {
        var isFull = false
        /// Why nothing more can be written.
        var failure: (any Error)?
        var waiters: [UInt64: CheckedContinuation<Void, any Error>] = [:]
        var lastWaiter: UInt64 = 0
        /// What was written since somebody waited last.
        var turn = 0

        mutating func takeWaiters() -> [CheckedContinuation<Void, any Error>] {
            guard !waiters.isEmpty else { return [] }
            defer { waiters = [:] }
            return Array(waiters.values)
        }
    }

    private let state = Mutex(State())

    /// When a handler on the loop has written this many bytes without a wait, others get their turn: a client that reads
    /// as fast as it writes, or a HEAD whose body goes nowhere, would never make it wait.
    static let bytesPerTurn = 256 * 1024
    /// What a write counts at least: the smallest costs time, too.
    static let leastBytesPerWrite = 256

    // MARK: The loop's side

    /// The client has enough for now.
    func filled() {
        state.withLock { $0.isFull = true }
    }

    /// The client has taken enough.
    func drained() {
        let waiters = state.withLock { state in
            state.isFull = false
            return state.takeWaiters()
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Nothing more can be written.
    func fail(_ error: any Error) {
        let waiters = state.withLock { state in
            state.failure = error
            return state.takeWaiters()
        }
        for waiter in waiters { waiter.resume(throwing: error) }
    }

    // MARK: The task's side

    private enum Next { case goOn, wait, giveWay }

    /// Returns when there is room for more behind a write of `bytes`, and it is nobody else's turn. Any number of tasks
    /// may wait.
    func wait(after bytes: Int, on loop: EventLoop) async throws {
        let next: Next = state.withLock { state in
            state.turn += max(bytes, Self.leastBytesPerWrite)
            guard state.isFull || state.turn >= Self.bytesPerTurn else { return .goOn }
            state.turn = 0
            return state.isFull ? .wait : .giveWay
        }
        switch next {
        case .goOn: break
        case .wait: try await wait()
        case .giveWay:
            guard loop.isInLoop else { return }
            await withCheckedContinuation { continuation in loop.executeAfterInput { continuation.resume() } }
        }
    }

    private func wait() async throws {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Void, any Error>? = state.withLock { state in
                    if let failure = state.failure { return .failure(failure) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    guard state.isFull else { return .success(()) }
                    state.waiters[id] = continuation
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(throwing: CancellationError())
        }
    }
}
