internal import Synchronization

/// Four counters for each method of an interface, written from any thread without a lock.
@safe
@usableFromInline
final class MethodCounters: Sendable {
    /// Counters of different methods lie in different cache lines, so that methods called from different threads do
    /// not slow each other down.
    private static let stride = 8
    private static let calls = 0
    private static let errors = 1
    private static let samples = 2
    private static let nanoseconds = 3

    private let count: Int
    // Written once; what it points to are atomics.
    private nonisolated(unsafe) let storage: UnsafeMutablePointer<Atomic<UInt64>>

    init(count: Int) {
        self.count = count
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

    func countError(of method: Int) { _ = add(1, to: Self.errors, of: method) }

    func record(nanoseconds: UInt64, of method: Int) {
        _ = add(1, to: Self.samples, of: method)
        _ = add(nanoseconds, to: Self.nanoseconds, of: method)
    }

    func counts(of method: Int) -> LocalLink.Counts {
        LocalLink.Counts(
            calls: add(0, to: Self.calls, of: method), errors: add(0, to: Self.errors, of: method),
            samples: add(0, to: Self.samples, of: method),
            sampledNanoseconds: add(0, to: Self.nanoseconds, of: method))
    }

    private func add(_ value: UInt64, to counter: Int, of method: Int) -> UInt64 {
        precondition(method >= 0 && method < count, "the interface has \(count) methods, not a method \(method)")
        return unsafe storage[method * Self.stride + counter].wrappingAdd(value, ordering: .relaxed).oldValue
    }
}
