internal import Synchronization
package import WeaverCore

/// Calls to one peer process, over one connection that is made when it is needed and made again, with backoff, after it
/// was lost. May be used from any thread.
package final class RPCChannel: Sendable {
    /// Where the peer listens.
    package let address: SocketAddress
    let core: RPCChannelCore
    private let loop: EventLoop
    private let load: CallLoad

    /// A channel that is not connected yet. `decodeError` makes the errors that components have thrown.
    package init(
        loop: EventLoop, address: SocketAddress, hello: Hello, limits: RPCLimits = RPCLimits(),
        decodeError: @escaping ErrorDecoder = { _, _ in nil }
    ) {
        self.loop = loop
        self.address = address
        load = CallLoad()
        core = RPCChannelCore(
            loop: loop, address: address, hello: hello, limits: limits, load: load, decodeError: decodeError)
    }

    /// The number of calls in flight, as seen now: what the balancer compares.
    package var callsInFlight: Int { load.count }

    /// Whether a call has a chance: the peer neither is ending nor has just failed to answer a connection.
    package func isUsable(now: MonotonicTime) -> Bool { load.isUsable(now: now) }

    /// Calls the method `key`. `encode` writes the arguments, during this call of the closure only; `decode` reads the
    /// result on the loop's thread, and everything is to be read.
    ///
    /// Throws ``CallError`` for everything that the transport does; what the channel's ``ErrorDecoder`` makes of a registered error, or
    /// ``RemoteError``, for what the method threw. Cancelling the task cancels the call at the callee too.
    package func call<R: Sendable>(
        _ key: MethodKey, context: CallContext,
        encode: (inout WireEncoder) throws(WireError) -> Void,
        decode: @escaping @Sendable (inout WireDecoder) throws(WireError) -> R
    ) async throws -> R {
        try await unsafe withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<R, any Error>) in
            let pending = PendingCall(
                deadline: context.deadline, receiver: unsafe ReplyReceiver(resuming: continuation, decode))
            let now = loop.now
            if loop.isInLoop { return core.submit(pending, key, context, now: now, encode) }
            pending.handOver(to: loop, key, context, now: now, limit: core.limits.maximumFrameLength, encode) {
                [core] isInLoop in
                guard isInLoop else { return pending.fail(CallError.ended) }
                core.submitEncoded(pending)
            }
        }
    }

    /// Finishes the calls in flight, takes no new ones, and closes the connection when the last is answered.
    package func retire() {
        loop.execute { [core] in core.retire() }
    }

    /// Fails the calls in flight and closes the connection. Returns when no more handles are in use than are being closed.
    /// A loop that has ended has done so.
    package func close() async {
        try? await loop.run { [core] in core.close() }
    }
}

/// What other threads may know of a channel.
final class CallLoad: Sendable {
    private let calls = Atomic<Int>(0)
    private let unusableUntil = Atomic<UInt64>(0)

    var count: Int { calls.load(ordering: .relaxed) }
    func set(_ count: Int) { calls.store(count, ordering: .relaxed) }

    func isUsable(now: MonotonicTime) -> Bool { unusableUntil.load(ordering: .relaxed) <= now.nanoseconds }
    func setUnusable(until time: MonotonicTime) { unusableUntil.store(time.nanoseconds, ordering: .relaxed) }
}
