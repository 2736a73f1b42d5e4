internal import Synchronization

/// Where the loop puts what arrives from a client, and one task takes it out.
struct Inbox<Element: ReceivedElement>: ~Copyable, Sendable {
    typealias Queue = ReceivedQueue<Element>

    // Not private: the compiler wants the layout where this is a property.
    struct State {
        var queue = Queue()
        /// Why nothing more comes; what came before it is still taken.
        var failure: (any Error)?
        var reader: CheckedContinuation<Queue.Taken, any Error>?
        /// The end, or the failure, has been told.
        var isEndTaken = false
        /// How often somebody has asked for an element.
        var takes = 0

        mutating func takeReader() -> CheckedContinuation<Queue.Taken, any Error>? {
            defer { reader = nil }
            return reader
        }
    }

    private let state = Mutex(State())

    // MARK: The loop's side

    /// Puts `element` in; false when no more should come for now.
    func put(_ element: Element) -> Bool {
        let (reader, goesOn) = state.withLock { state in
            if let reader = state.takeReader() { return (Optional(reader), true) }
            return (nil, state.queue.append(element))
        }
        reader?.resume(returning: .element(element, resumesClient: false))
        return goesOn
    }

    /// Nothing more comes.
    func end() {
        let reader = state.withLock { state in
            state.queue.hasEnded = true
            if state.reader != nil { state.isEndTaken = true }
            return state.takeReader()
        }
        reader?.resume(returning: .end)
    }

    /// Nothing more comes, because of `error`; the end, or another error, may have been told before.
    func fail(_ error: any Error) {
        let reader = state.withLock { state in
            if state.failure == nil { state.failure = error }
            if state.reader != nil { state.isEndTaken = true }
            return state.takeReader()
        }
        reader?.resume(throwing: error)
    }

    /// Whoever takes has heard that nothing more comes.
    var isEndTaken: Bool { state.withLock { $0.isEndTaken } }

    /// How often somebody has asked for an element.
    var takes: Int { state.withLock { $0.takes } }

    /// Nobody has ever asked for an element, and none waits.
    var isUnused: Bool { state.withLock { $0.takes == 0 && $0.queue.byteCount == 0 } }

    /// Bytes that wait.
    var byteCount: Int { state.withLock { $0.queue.byteCount } }

    // MARK: The task's side

    /// The next element, or the end; waits for either. One task at a time.
    func next() async throws -> Queue.Taken {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { take(for: $0) }
        } onCancel: {
            state.withLock { $0.takeReader() }?.resume(throwing: CancellationError())
        }
    }

    /// Gives `reader` what there is, or lets it wait.
    private func take(for reader: CheckedContinuation<Queue.Taken, any Error>) {
        let result: Result<Queue.Taken, any Error>? = state.withLock { state in
            precondition(state.reader == nil, "two tasks read from one client")
            state.takes += 1
            let taken = state.queue.take()
            if case .element = taken { return .success(taken) }
            if case .end = taken {
                state.isEndTaken = true
                return .success(taken)
            }
            if let failure = state.failure {
                state.isEndTaken = true
                return .failure(failure)
            }
            if Task.isCancelled { return .failure(CancellationError()) }
            state.reader = reader
            return nil
        }
        if let result { reader.resume(with: result) }
    }
}

extension Inbox where Element == [UInt8] {
    /// Puts a copy of `bytes` in; false when no more should come for now.
    func put(_ bytes: RawSpan) -> Bool {
        unsafe bytes.withUnsafeBytes { bytes in
            let (reader, goesOn) = state.withLock { state in
                if let reader = state.takeReader() { return (Optional(reader), true) }
                return (nil, unsafe state.queue.append(bytes))
            }
            reader?.resume(returning: .element(unsafe [UInt8](bytes), resumesClient: false))
            return goesOn
        }
    }
}
