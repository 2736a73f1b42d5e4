internal import Synchronization
package import WeaverCore

/// The replicas of one component, as routing info has them: picks one for each call, and another one when a call may be
/// made again. May be used from any thread.
///
/// A call's first attempt is made without a task of its own and without a lock (``begin(_:context:routingKey:now:encode:receiver:)``);
/// what goes wrong with it is left to ``again(after:_:context:routingKey:isIdempotent:encode:decode:)``.
package final class ReplicaSet: Sendable {
    /// The component's full name.
    package let component: String

    /// What any thread may see.
    private struct State {
        var addresses: [SocketAddress] = []
        var waiters: [UInt64: CheckedContinuation<Bool, Never>] = [:]
        var nextWaiter: UInt64 = 0
        var isClosed = false
        var isGivenUp = false
    }

    private let loop: EventLoop
    private let limits: RPCLimits
    private let policy = RetryPolicy()
    private let state = Mutex(State())
    private let onLoop: OnLoop

    /// What the loop's thread sees.
    private final class OnLoop: @unchecked Sendable {
        // @unchecked: touched on the loop's thread only.
        let routes: LoopState<ReplicaRoutes>
        let budget = LoopState(RetryBudget())

        init(limits: RPCLimits) {
            routes = LoopState(ReplicaRoutes(limits: limits.outliers))
        }
    }

    init(component: String, loop: EventLoop, limits: RPCLimits) {
        self.component = component
        self.loop = loop
        self.limits = limits
        onLoop = OnLoop(limits: limits)
    }

    /// The addresses of the replicas.
    package var addresses: [SocketAddress] { state.withLock { $0.addresses } }

    func update(_ channels: [RPCChannel], slices: [RoutedSlice]) {
        // First the loop, so that whoever is woken finds a replica there.
        loop.execute { [onLoop] in onLoop.routes.value.update(channels, slices: slices) }
        let woken = state.withLock { state in
            state.addresses = channels.map(\.address)
            return channels.isEmpty ? [:] : exchange(&state.waiters, with: [:])
        }
        for waiter in woken.values { waiter.resume(returning: true) }
    }

    func close() {
        loop.execute { [onLoop] in onLoop.routes.value.update([], slices: []) }
        let woken = state.withLock { state in
            state.isClosed = true
            state.addresses = []
            return exchange(&state.waiters, with: [:])
        }
        for waiter in woken.values { waiter.resume(returning: false) }
    }

    // MARK: Given up

    /// Whether no replica is there and none will come: calls fail at once instead of waiting for one.
    package func setGivenUp(_ isGivenUp: Bool) {
        let woken = state.withLock { state in
            state.isGivenUp = isGivenUp
            return isGivenUp ? exchange(&state.waiters, with: [:]) : [:]
        }
        for waiter in woken.values { waiter.resume(returning: false) }
    }

    // MARK: Calling

    /// Why a call's first attempt was none.
    private struct NoReplica: Error {}

    /// Makes a call's first attempt, at the owner of `routingKey`, or at the less busy of two random replicas. `receiver`
    /// gets its outcome, on the loop's thread; an error is not the call's yet, but for ``again``. From a task.
    @inline(__always)
    package func begin(
        _ key: MethodKey, context: CallContext, routingKey: UInt64?, now: MonotonicTime,
        encode: (inout WireEncoder) throws(WireError) -> Void, receiver: ReplyReceiver
    ) {
        let pending = PendingCall(deadline: context.deadline, receiver: receiver)
        if loop.isInLoop {
            guard let channel = firstPick(for: pending, routingKey, now) else { return pending.fail(NoReplica()) }
            channel.core.submit(pending, key, context, now: now, encode)
        } else {
            beginElsewhere(pending, key, context, routingKey, now, encode)
        }
    }

    private func beginElsewhere(
        _ pending: PendingCall, _ key: MethodKey, _ context: CallContext, _ routingKey: UInt64?, _ now: MonotonicTime,
        _ encode: (inout WireEncoder) throws(WireError) -> Void
    ) {
        pending.handOver(to: loop, key, context, now: now, limit: limits.maximumFrameLength, encode) {
            [self] isInLoop in
            guard isInLoop else { return pending.fail(CallError.ended) }
            guard let channel = firstPick(for: pending, routingKey, now) else { return pending.fail(NoReplica()) }
            channel.core.submitEncoded(pending)
        }
    }

    private func firstPick(for call: PendingCall, _ routingKey: UInt64?, _ now: MonotonicTime) -> RPCChannel? {
        onLoop.budget.value.earn()
        let channel = onLoop.routes.value.pick(routingKey, excluding: nil, now: now)
        // Failures come to `again`; a success is of interest only while some replica fails.
        if !onLoop.routes.value.outliers.isQuiet, let address = channel?.address {
            call.onAnswer = { [onLoop, loop] in onLoop.routes.value.report(.success, from: address, now: loop.now) }
        }
        return channel
    }

    /// Tells the outlier detection how a call at `replica` has ended.
    private func report(_ outcome: CallOutcome, from replica: SocketAddress) {
        if loop.isInLoop { return onLoop.routes.value.report(outcome, from: replica, now: loop.now) }
        loop.execute { [onLoop, loop] in onLoop.routes.value.report(outcome, from: replica, now: loop.now) }
    }

    /// Makes a call again whose first attempt has failed by `error`, where that is allowed: it certainly did not run, or
    /// it is idempotent. Re-sends are bounded by the policy, the budget and the deadline. Without replicas it waits for the
    /// first one. Throws `error` where nothing is to be made again.
    package func again<R: Sendable>(
        after error: any Error, _ key: MethodKey, context: CallContext, routingKey: UInt64?, isIdempotent: Bool,
        encode: (inout WireEncoder) throws(WireError) -> Void,
        decode: @escaping @Sendable (inout WireDecoder) throws(WireError) -> R
    ) async throws -> R {
        var attempts = Attempts()
        var error = error
        while true {
            if !(error is NoReplica) {
                guard let failure = error as? CallError else { throw error }
                if let replica = failure.replica { report(CallOutcome(failure), from: replica) }
                try await prepareRetry(after: failure, &attempts, isIdempotent: isIdempotent, context.deadline)
            }
            do {
                let channel = try await pick(routingKey, excluding: attempts.failed, deadline: context.deadline)
                let result = try await channel.call(
                    key, context: context, encode: encode, decode: decode)
                report(.success, from: channel.address)
                return result
            } catch let next {
                error = next
            }
        }
    }

    /// Calls a method: ``begin`` and, where it is needed, ``again``. Otherwise as ``RPCChannel``'s.
    package func call<R: Sendable>(
        _ key: MethodKey, context: CallContext, routingKey: UInt64? = nil, isIdempotent: Bool,
        encode: (inout WireEncoder) throws(WireError) -> Void,
        decode: @escaping @Sendable (inout WireDecoder) throws(WireError) -> R
    ) async throws -> R {
        do {
            return try await unsafe withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<R, any Error>) in
                begin(
                    key, context: context, routingKey: routingKey, now: loop.now, encode: encode,
                    receiver: unsafe ReplyReceiver(resuming: continuation, decode))
            }
        } catch {
            return try await again(
                after: error, key, context: context, routingKey: routingKey, isIdempotent: isIdempotent,
                encode: encode, decode: decode)
        }
    }

    // MARK: Trying again

    /// What the attempts of one call have come to.
    private struct Attempts {
        var count = 1
        /// Where the last one failed.
        var failed: SocketAddress?
        /// Whether one of them may have run.
        var mayHaveRun = false
        var backoff = Backoff()
    }

    /// Returns when the call may be made again, after a wait where no other replica is usable; throws what the caller is
    /// told otherwise, which says whether any attempt may have run.
    private func prepareRetry(
        after error: CallError, _ attempts: inout Attempts, isIdempotent: Bool, _ deadline: MonotonicTime?
    ) async throws {
        attempts.mayHaveRun = attempts.mayHaveRun || error.mayHaveRun
        attempts.failed = error.replica
        let error = error.after(anAttemptThatMayHaveRun: attempts.mayHaveRun)
        // Without a replica nothing was attempted: `pick` has waited as long as it may.
        guard let failed = error.replica,
            policy.allowsRetry(after: error, attempt: attempts.count, isIdempotent: isIdempotent)
        else { throw error }
        let seen = try? await look { onLoop, now in
            (onLoop.budget.value.spend(), onLoop.routes.value.hasAlternative(to: failed, now: now))
        }
        guard let (mayRetry, hasAlternative) = seen, mayRetry else { throw error }
        attempts.count += 1
        guard !hasAlternative else { return }
        let wait = attempts.backoff.next(random: .random(in: .min ... .max))
        if let deadline, loop.now + wait >= deadline { throw error }
        do {
            try await Task.sleep(for: wait)
        } catch {
            throw CallError(.cancelled, "the caller's task was cancelled between two attempts")
                .after(anAttemptThatMayHaveRun: attempts.mayHaveRun)
        }
    }

    /// The replica for the next attempt, waited for while there is none.
    private func pick(
        _ routingKey: UInt64?, excluding failed: SocketAddress?, deadline: MonotonicTime?
    ) async throws -> RPCChannel {
        while true {
            let picked = try await look { onLoop, now in
                onLoop.routes.value.pick(routingKey, excluding: failed, now: now)
            }
            if let picked { return picked }
            try await waitForReplica(deadline)
        }
    }

    /// What `body` sees on the loop's thread; an error when that has ended.
    private func look<R: Sendable>(_ body: @escaping @Sendable (OnLoop, MonotonicTime) -> R) async throws -> R {
        // Also from the loop's thread by way of its queue, in which new routing info may wait.
        do {
            return try await loop.run { [self] in body(onLoop, loop.now) }
        } catch {
            throw CallError.ended
        }
    }

    /// Returns when there are replicas; an error when the deadline or the limit comes first.
    private func waitForReplica(_ deadline: MonotonicTime?) async throws {
        let limit = loop.now + limits.replicaWait
        let until = min(deadline ?? limit, limit)
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let timeout = Task {
            try? await Task.sleep(for: until - loop.now)
            wake(id)
        }
        defer { timeout.cancel() }
        let found = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in enqueue(id, until, continuation) }
        } onCancel: {
            timeout.cancel()
        }
        guard !found else { return }
        if Task.isCancelled {
            throw CallError(.cancelled, "the caller's task was cancelled before a replica was there")
        }
        if let deadline, loop.now >= deadline {
            throw CallError(.deadlineExceeded, "the deadline passed before \(component) had a replica")
        }
        let why =
            state.withLock { $0.isGivenUp }
            ? "every replica of \(component) is given up" : "\(component) has no replica"
        throw CallError(.unreachable, why)
    }

    private func enqueue(_ id: UInt64, _ until: MonotonicTime, _ continuation: CheckedContinuation<Bool, Never>) {
        let answer: Bool? = state.withLock { state in
            // What would wake the waiter may have come before it.
            if state.isClosed || Task.isCancelled || loop.now >= until { return false }
            if !state.addresses.isEmpty { return true }
            if state.isGivenUp { return false }
            state.waiters[id] = continuation
            return nil
        }
        if let answer { continuation.resume(returning: answer) }
    }

    private func wake(_ id: UInt64) {
        let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
        waiter?.resume(returning: false)
    }
}
