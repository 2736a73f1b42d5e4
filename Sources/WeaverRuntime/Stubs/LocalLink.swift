internal import WeaverLoop

/// The link between a ref and an implementation in the same process: counts its calls, times some of them, and sees to
/// deadlines and to `runsOn: .pool`.
///
/// A call that needs neither costs one atomic addition, one look at the task's context and, every 64th time, two
/// clock readings.
public final class LocalLink: Sendable {
    /// One in so many calls is timed.
    package static let samplingInterval: UInt64 = 64

    /// What has been counted for one method.
    package struct Counts: Sendable, Equatable {
        /// Calls that were started.
        package var calls: UInt64
        /// Calls that have thrown.
        package var errors: UInt64
        /// Calls that were timed and have ended.
        package var samples: UInt64
        /// Nanoseconds that the timed calls took together.
        package var sampledNanoseconds: UInt64
    }

    /// The interface.
    package let info: ComponentInfo
    @usableFromInline let runsOn: RunsOn
    private let executor: (any TaskExecutor)?
    @usableFromInline let counters: MethodCounters

    /// A link to an implementation of `info`. Calls that need a task of their own, because of a deadline, run on
    /// `executor`, or on the global pool where that is nil or where `runsOn` says so.
    package init(info: ComponentInfo, runsOn: RunsOn = .loop, executor: (any TaskExecutor)? = nil) {
        self.info = info
        self.runsOn = runsOn
        self.executor = runsOn == .pool ? globalConcurrentExecutor : executor
        counters = MethodCounters(count: info.methods.count)
    }

    /// What has been counted for the method with that index.
    package func counts(of method: Int) -> Counts {
        counters.counts(of: method)
    }

    /// Counts a call. Gives the time to pass to ``end(_:_:)``, 0 when the call is not timed, where the stub may call
    /// the implementation itself; nil where it has to go through ``detour(_:_:)``.
    @inlinable
    public func begin(_ method: Int) -> UInt64? {
        let number = counters.countCall(of: method)
        guard runsOn == .loop, !hasDeadline(method) else { return nil }
        return number % Self.sampling == 0 ? now() : 0
    }

    /// Ends a call that ``begin(_:)`` has timed with `start`.
    @inlinable
    public func end(_ method: Int, _ start: UInt64) {
        if start != 0 { record(method, start) }
    }

    /// Ends a call that has thrown.
    public func fail(_ method: Int, _ start: UInt64) {
        counters.countError(of: method)
        end(method, start)
    }

    /// Runs a call in a task of its own, because it has a deadline or belongs on the pool. The caller resumes on its
    /// own executor: with the call's result, or at the deadline with `deadlineExceeded`, which cancels the call.
    nonisolated(nonsending)
        public func detour<R: Sendable>(
            _ method: Int, _ call: @escaping @concurrent @Sendable () async throws -> R
        ) async throws -> R
    {
        let start = now()
        let deadline = self.deadline(of: method)
        do {
            let result = try await DetachedCall.run(call, on: executor, deadline: deadline, now: start)
            record(method, start)
            return result
        } catch {
            fail(method, start)
            throw error
        }
    }

    // MARK: Behind the inlined part

    @usableFromInline static var sampling: UInt64 { samplingInterval }

    @usableFromInline
    func hasDeadline(_ method: Int) -> Bool {
        info.methods[method].deadline != nil || CallContext.current.deadline != nil
    }

    @usableFromInline
    func now() -> UInt64 { EventLoop.now.nanoseconds }

    @usableFromInline
    func record(_ method: Int, _ start: UInt64) {
        counters.record(nanoseconds: now() &- start, of: method)
    }

    private func deadline(of method: Int) -> MonotonicTime? {
        let own = info.methods[method].deadline.map { EventLoop.now + $0 }
        return CallContext.current.limited(to: own).deadline
    }
}
