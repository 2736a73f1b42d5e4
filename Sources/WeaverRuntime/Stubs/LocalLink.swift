internal import Tracing
internal import WeaverCore
package import WeaverLoop

/// The link between a ref and an implementation in the same process: counts its calls, times some of them, and sees to
/// deadlines and to `runsOn: .pool`.
///
/// A call that needs neither costs one atomic addition, one look at the task's context and, every 64th time, two
/// clock readings; and the return to its stub, which costs as much as all of that where the task prefers an executor, see
/// ``ComponentClient/call(_:routingKey:encode:decode:)``.
public final class LocalLink: Sendable {
    /// What has been counted for one method.
    package struct Counts: Sendable, Equatable {
        /// Calls that were started.
        package var calls: UInt64
        /// Calls that have thrown.
        package var errors: UInt64
        /// Calls that were timed and have ended.
        package var samples: UInt64
    }

    /// The interface.
    package let info: ComponentInfo
    @usableFromInline let runsOn: RunsOn
    private let loops: EventLoops
    private let calls: CallRecorder
    @usableFromInline let counters: MethodCounters
    /// Which methods have a deadline of their own.
    private let hasDeadline: [Bool]

    /// A link to an implementation of `info`. Calls that need a task of their own, because of a deadline, run on
    /// `loop`, or on the global pool where `runsOn` says so; the loop's timers see to deadlines. Of several loops it is the
    /// caller's.
    package convenience init(info: ComponentInfo, runsOn: RunsOn = .loop, loop: EventLoop) {
        self.init(info: info, runsOn: runsOn, loops: EventLoops(loop), calls: CallRecorder(info))
    }

    /// The same, whose calls `calls` counts and traces.
    init(info: ComponentInfo, runsOn: RunsOn, loops: EventLoops, calls: CallRecorder) {
        self.info = info
        self.runsOn = runsOn
        self.loops = loops
        self.calls = calls
        counters = calls.counters
        hasDeadline = info.methods.map { $0.deadline != nil }
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
        guard runsOn == .loop, !needsWatch(method) else { return nil }
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

    /// Runs a call that is traced or, because it has a deadline or belongs on the pool, gets a task of its own. The caller
    /// resumes on its own executor: with what the call returns or throws, or at the deadline with `deadlineExceeded`, which
    /// cancels the call.
    nonisolated(nonsending)
        public func detour<R: Sendable>(
            _ method: Int, _ call: @escaping @concurrent @Sendable () async throws -> R
        ) async throws -> R
    {
        let start = now()
        let span = calls.localSpan(method)
        do {
            let result =
                if let span {
                    try await ServiceContext.withValue(span.context) { try await run(method, start, call) }
                } else {
                    try await run(method, start, call)
                }
            record(method, start)
            span?.end()
            return result
        } catch {
            fail(method, start)
            span?.end(error: "\(error)")
            throw error
        }
    }

    nonisolated(nonsending)
        private func run<R: Sendable>(
            _ method: Int, _ start: UInt64, _ call: @escaping @concurrent @Sendable () async throws -> R
        ) async throws -> R
    {
        let context = self.context(of: method)
        guard runsOn == .pool || context.needsWatch else { return try await call() }
        let loop = loops.current
        let detached = DetachedCall(executor: runsOn == .pool ? globalConcurrentExecutor : loop, loop: loop)
        return try await detached.run(call, in: context, now: MonotonicTime(nanoseconds: start))
    }

    // MARK: Behind the inlined part

    @usableFromInline static var sampling: UInt64 { MethodCounters.samplingInterval }

    @usableFromInline
    func needsWatch(_ method: Int) -> Bool {
        if hasDeadline[method] { return true }
        let scope = CallScope.current
        return scope?.needsWatch == true || calls.tracesLocalCall(in: scope)
    }

    @usableFromInline
    func now() -> UInt64 { EventLoop.now.nanoseconds }

    @usableFromInline
    func record(_ method: Int, _ start: UInt64) {
        counters.record(nanoseconds: now() &- start, of: method)
    }

    /// The context of a call: the caller's, with the method's own deadline where that is earlier.
    private func context(of method: Int) -> CallContext {
        CallContext.current.limited(to: info.methods[method].deadline.map { EventLoop.now + $0 })
    }
}
