internal import Synchronization
package import WeaverCore

/// The replicas of one component, as routing info has them: picks one for each call, and another one when a call may be
/// made again. May be used from any thread.
package final class ReplicaSet: Sendable {
    /// The component's full name.
    package let component: String

    private struct State {
        var channels: [RPCChannel] = []
        var owners: (@Sendable (UInt64) -> [SocketAddress])?
        var budget = RetryBudget()
        /// SplitMix64: the system's generator is a system call each time.
        var random = UInt64.random(in: .min ... .max)
        var waiters: [UInt64: CheckedContinuation<Bool, Never>] = [:]
        var nextWaiter: UInt64 = 0
        var isClosed = false
        var isGivenUp = false

        mutating func nextRandom() -> UInt64 {
            random &+= 0x9e37_79b9_7f4a_7c15
            var mixed = random
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }

    private let loop: EventLoop
    private let limits: RPCLimits
    private let policy = RetryPolicy()
    private let state = Mutex(State())

    init(component: String, loop: EventLoop, limits: RPCLimits) {
        self.component = component
        self.loop = loop
        self.limits = limits
    }

    /// The addresses of the replicas.
    package var addresses: [SocketAddress] { state.withLock { $0.channels.map(\.address) } }

    func update(_ channels: [RPCChannel], owners: (@Sendable (UInt64) -> [SocketAddress])?) {
        let woken = state.withLock { state in
            state.channels = channels
            state.owners = owners
            return channels.isEmpty ? [:] : exchange(&state.waiters, with: [:])
        }
        for waiter in woken.values { waiter.resume(returning: true) }
    }

    func close() {
        let woken = state.withLock { state in
            state.isClosed = true
            state.channels = []
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

    /// Calls a method of the component at the owner of `routingKey`, or at the less busy of two random replicas, and again
    /// elsewhere when that is allowed: the call certainly did not run, or it is idempotent. Re-sends are bounded by the
    /// policy, the budget and the deadline. Without replicas it waits for the first one. Otherwise as ``RPCChannel``'s.
    package func call<R: Sendable>(
        _ key: MethodKey, context: CallContext, routingKey: UInt64? = nil, isIdempotent: Bool,
        encode: (inout WireEncoder) throws(WireError) -> Void,
        decode: @escaping @Sendable (inout WireDecoder) throws(WireError) -> R,
        decodeError: @escaping ErrorDecoder = { _, _ in nil }
    ) async throws -> R {
        var attempts = Attempts()
        while true {
            do {
                let channel = try await pick(routingKey, excluding: attempts.failed, deadline: context.deadline)
                attempts.failed = channel
                return try await channel.call(
                    key, context: context, encode: encode, decode: decode, decodeError: decodeError)
            } catch let error as CallError {
                try await prepareRetry(after: error, &attempts, isIdempotent: isIdempotent, context.deadline)
            }
        }
    }

    /// What the attempts of one call have come to.
    private struct Attempts {
        var count = 1
        /// The replica of the last one.
        var failed: RPCChannel?
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
        let error = error.after(anAttemptThatMayHaveRun: attempts.mayHaveRun)
        // Without a replica nothing was attempted: `pick` has waited as long as it may.
        guard let failed = attempts.failed,
            policy.allowsRetry(after: error, attempt: attempts.count, isIdempotent: isIdempotent),
            state.withLock({ $0.budget.spend() })
        else { throw error }
        attempts.count += 1
        guard !hasAlternative(to: failed) else { return }
        let wait = attempts.backoff.next(random: state.withLock { $0.nextRandom() })
        if let deadline, loop.now + wait >= deadline { throw error }
        do {
            try await Task.sleep(for: wait)
        } catch {
            throw CallError(.cancelled, "the caller's task was cancelled between two attempts")
                .after(anAttemptThatMayHaveRun: attempts.mayHaveRun)
        }
    }

    // MARK: Picking

    /// The replica for the next attempt, waited for while there is none.
    private func pick(
        _ routingKey: UInt64?, excluding failed: RPCChannel?, deadline: MonotonicTime?
    ) async throws -> RPCChannel {
        if failed == nil { state.withLock { $0.budget.earn() } }
        while true {
            if let channel = pickNow(routingKey, excluding: failed) { return channel }
            try await waitForReplica(deadline)
        }
    }

    private func pickNow(_ routingKey: UInt64?, excluding failed: RPCChannel?) -> RPCChannel? {
        let (channels, random, owners) = state.withLock { state in
            (state.channels, state.channels.count > 1 ? state.nextRandom() : 0, state.owners)
        }
        guard channels.count > 1 else { return channels.first }
        if let routingKey, let owners {
            for owner in owners(routingKey) {
                if let channel = channels.first(where: { $0.address == owner }), channel !== failed, channel.isUsable {
                    return channel
                }
            }
        }
        let excluded = failed.flatMap { failed in channels.firstIndex { $0 === failed } }
        guard
            let index = Balancer.pick(
                count: channels.count, excluding: excluded, random: random,
                load: { channels[$0].isUsable ? channels[$0].callsInFlight : .max })
        else { return nil }
        if channels[index].isUsable { return channels[index] }
        return channels.first { $0.isUsable && $0 !== failed } ?? channels[index]
    }

    private func hasAlternative(to channel: RPCChannel) -> Bool {
        state.withLock { $0.channels }.contains { $0 !== channel && $0.isUsable }
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
            if !state.channels.isEmpty { return true }
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
