internal import Synchronization
internal import WeaverCore

/// Counts the calls of each method of an interface, from any thread: calls and errors without a lock, and the latencies of
/// one call in ``samplingInterval``.
@safe
@usableFromInline
final class MethodCounters: Sendable {
    /// One in so many calls is timed.
    static let samplingInterval: UInt64 = 64

    /// Counters of different methods lie in different cache lines, so that methods called from different threads do
    /// not slow each other down.
    private static let stride = 8
    private static let calls = 0
    private static let errors = 1
    private static let samples = 2

    private let count: Int
    // Written once; what it points to are atomics.
    private nonisolated(unsafe) let storage: UnsafeMutablePointer<Atomic<UInt64>>
    private let latencies: [Latencies]

    /// What was timed and has not been reported.
    private final class Latencies: Sendable {
        let pending = Mutex(Histogram())
    }

    init(count: Int) {
        self.count = count
        latencies = (0..<count).map { _ in Latencies() }
        unsafe storage = .allocate(capacity: max(count, 1) * Self.stride)
        for index in 0..<max(count, 1) * Self.stride {
            unsafe (storage + index).initialize(to: Atomic(0))
        }
    }

    deinit {
        unsafe storage.deinitialize(count: max(count, 1) * Self.stride)
        unsafe storage.deallocate()
    }

    /// Counts a call and gives how many there were before.
    @usableFromInline
    func countCall(of method: Int) -> UInt64 { add(1, to: Self.calls, of: method) }

    /// Counts a call, and says whether it is one that is timed.
    func countCallToTime(of method: Int) -> Bool { countCall(of: method) % Self.samplingInterval == 0 }

    func countError(of method: Int) { _ = add(1, to: Self.errors, of: method) }

    func record(nanoseconds: UInt64, of method: Int) {
        _ = add(1, to: Self.samples, of: method)
        latencies[method].pending.withLock { $0.record(nanoseconds: nanoseconds) }
    }

    func counts(of method: Int) -> LocalLink.Counts {
        LocalLink.Counts(
            calls: add(0, to: Self.calls, of: method), errors: add(0, to: Self.errors, of: method),
            samples: add(0, to: Self.samples, of: method))
    }

    /// What was timed since the last time; nil for nothing.
    func takeLatencies(of method: Int) -> Histogram? {
        latencies[method].pending.withLock { pending in
            guard pending.count > 0 else { return nil }
            defer { pending = Histogram() }
            return pending
        }
    }

    private func add(_ value: UInt64, to counter: Int, of method: Int) -> UInt64 {
        precondition(method >= 0 && method < count, "the interface has \(count) methods, not a method \(method)")
        return unsafe storage[method * Self.stride + counter].wrappingAdd(value, ordering: .relaxed).oldValue
    }
}
