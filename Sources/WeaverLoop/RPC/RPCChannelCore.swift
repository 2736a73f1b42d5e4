internal import WeaverCore

/// The part of a channel that belongs to the loop's thread: the call table, which lives as long as the channel, and the
/// connection of the moment.
final class RPCChannelCore: @unchecked Sendable {
    // @unchecked: touched on the loop's thread only.

    let loop: EventLoop
    let address: SocketAddress
    let hello: Hello
    let limits: RPCLimits
    private let load: CallLoad
    private let decodeError: ErrorDecoder
    private let cancellationInterval: UInt64
    private let calls: LoopState<ClientCallTable<PendingCall>>
    private(set) var connection: RPCClientConnection?
    private let waiting = LoopState(WaitingCalls())
    private var backoff = Backoff()
    private var failure: CallError?
    private var retryAt = MonotonicTime(nanoseconds: 0)
    private var isRetired = false
    private var isClosed = false

    init(
        loop: EventLoop, address: SocketAddress, hello: Hello, limits: RPCLimits, load: CallLoad,
        decodeError: @escaping ErrorDecoder
    ) {
        self.decodeError = decodeError
        self.loop = loop
        self.address = address
        self.hello = hello
        self.limits = limits
        self.load = load
        cancellationInterval = limits.cancellationInterval.clampedNanoseconds
        calls = LoopState(ClientCallTable(limit: limits.maximumCallsPerConnection))
    }

    /// When the calls in flight are to be looked at again: no call's deadline is before this.
    func nextCheck(_ now: MonotonicTime) -> MonotonicTime {
        calls.value.count == 0 ? .never : min(nextLook(now), calls.value.nextDeadline ?? .never)
    }

    /// When is to be seen next whether callers were cancelled.
    @inline(__always)
    private func nextLook(_ now: MonotonicTime) -> MonotonicTime {
        now.advanced(nanoseconds: cancellationInterval)
    }

    // MARK: Sending

    /// Sends a call whose arguments are encoded here, straight into the connection's output when there is one.
    func submit(
        _ pending: PendingCall, _ key: MethodKey, _ context: CallContext, now: MonotonicTime,
        _ encode: (inout WireEncoder) throws(WireError) -> Void
    ) {
        guard admit(pending, now) else { return }
        do throws(CallError) {
            if let connection, connection.isReady {
                pending.state = .sent
                try connection.write { wire throws(CallError) in
                    try wire.appendRequest(
                        key, context, id: pending.id, now: now, limit: limits.maximumFrameLength, encode)
                }
            } else {
                try pending.encode(key, context, now: now, limit: limits.maximumFrameLength, encode)
                wait(pending)
            }
        } catch {
            _ = take(pending.id)
            pending.fail(error)
        }
    }

    /// Sends a call that was encoded on another thread.
    func submitEncoded(_ pending: PendingCall) {
        _ = pending.lookForCancellation()
        guard admit(pending, loop.now) else { return }
        pending.frame.store(pending.id, at: 0)
        if let connection, connection.isReady { send(pending, on: connection) } else { wait(pending) }
    }

    /// Gives the call an id, or fails it.
    private func admit(_ pending: PendingCall, _ now: MonotonicTime) -> Bool {
        if pending.isCancelled {
            fail(pending, .cancelled, "the call was cancelled before it was sent")
        } else if isClosed || isRetired {
            fail(pending, .unreachable, "the connection to \(address) is not wanted any more")
        } else if let deadline = pending.deadline, deadline <= now {
            fail(pending, .deadlineExceeded, "the deadline had passed before the call was sent")
        } else if let connection, connection.isDraining {
            fail(pending, .draining, "the replica at \(address) is ending")
        } else if connection == nil, let failure, now < retryAt {
            pending.fail(failure.from(address))
        } else if waiting.value.byteCount >= limits.highWaterMark || connection?.isWritable == false {
            fail(pending, .overloaded, "\(limits.highWaterMark) bytes wait to be sent to \(address)")
        } else if let id = calls.value.insert(pending, deadline: pending.deadline) {
            pending.id = id
            load.set(calls.value.count)
            connection?.arm(for: nextLook(now))
            if let deadline = pending.deadline { connection?.arm(for: deadline) }
            return true
        } else {
            fail(pending, .overloaded, "\(calls.value.limit) calls to \(address) are in flight")
        }
        return false
    }

    /// Fails a call by an error of the transport.
    private func fail(
        _ pending: PendingCall, _ code: CallError.Code, _ message: String, cause: (any Error)? = nil
    ) {
        pending.fail(CallError(code, message, mayHaveRun: pending.mayHaveRun, cause: cause).from(address))
    }

    private func send(_ pending: PendingCall, on connection: RPCClientConnection) {
        pending.state = .sent
        connection.write(exchange(&pending.frame, with: OutputBuffer()))
    }

    private func wait(_ pending: PendingCall) {
        waiting.value.append(pending)
        guard connection == nil else { return }
        do throws(UVError) {
            connection = try RPCClientConnection(core: self)
            connection?.arm(for: nextCheck(loop.now))
            // This call finds out whether the peer is back; the next ones go elsewhere meanwhile.
            if failure != nil { load.setUnusable(until: loop.now + limits.connectTimeout) }
        } catch {
            connectionEnded(CallError(.unreachable, "cannot connect to \(address): \(error)", cause: error))
        }
    }

    private func take(_ id: UInt64) -> PendingCall? {
        let pending = calls.value.remove(id)
        load.set(calls.value.count)
        if let pending, pending.state == .waiting { waiting.value.remove(pending) }
        return pending
    }

    // MARK: From the connection

    /// The peer is known: what waited goes out.
    func connectionReady(_ connection: RPCClientConnection) {
        failure = nil
        backoff.reset()
        load.setUnusable(until: MonotonicTime(nanoseconds: 0))
        for pending in waiting.value.takeAll() { send(pending, on: connection) }
    }

    /// A result has arrived.
    @inline(__always)
    func received(_ id: UInt64, _ payload: RawSpan) {
        guard let pending = take(id) else { return }
        WireDecoder.withDecoder(over: payload) { wire in pending.succeed(&wire) }
        closeIfDone()
    }

    /// An error has arrived.
    func receivedError(_ id: UInt64, _ payload: RawSpan) {
        guard let pending = take(id) else { return }
        WireDecoder.withDecoder(over: payload) { wire in pending.fail(&wire, from: address, decodeError) }
        closeIfDone()
    }

    /// The peer takes no new calls.
    func connectionDrains() {
        load.setUnusable(until: .never)
        closeIfDone()
    }

    /// Some call's deadline may have passed, and its caller may have been cancelled.
    func check(now: MonotonicTime) {
        for (_, pending) in calls.value.expire(now: now) {
            if pending.state == .waiting { waiting.value.remove(pending) }
            fail(pending, .deadlineExceeded, "the deadline passed while the call was in flight")
        }
        for id in calls.value.ids(where: { $0.lookForCancellation() }) {
            guard let pending = take(id) else { continue }
            if pending.state == .sent { connection?.sendCancel(id) }
            fail(pending, .cancelled, "the caller's task was cancelled")
        }
        load.set(calls.value.count)
        closeIfDone()
    }

    /// The connection is gone, or could not be made: every call fails, saying whether it may have run. One call's fault
    /// (a frame too large) is not its neighbours': they may be made again where they did not run, so only what holds for
    /// every call to this peer keeps its code.
    func connectionEnded(_ reason: CallError) {
        connection = nil
        let isRefusal = [.notPermitted, .versionMismatch].contains(reason.code)
        let code = isRefusal ? reason.code : .unreachable
        failure = CallError(code, reason.message, cause: reason)
        let wait = backoff.next(random: .random(in: .min ... .max))
        retryAt = loop.now + wait
        load.setUnusable(until: retryAt)
        _ = waiting.value.takeAll()
        for pending in calls.value.removeAll() {
            fail(pending, pending.mayHaveRun && !isRefusal ? .connectionLost : code, reason.message, cause: reason)
        }
        load.set(0)
    }

    // MARK: Ending

    func retire() {
        isRetired = true
        closeIfDone()
    }

    func close() {
        isClosed = true
        connection?.close(CallError(.unreachable, "the connection to \(address) was closed by this process"))
    }

    /// Closes a connection that takes no new calls after its last answer.
    private func closeIfDone() {
        guard calls.value.count == 0, let connection, isRetired || connection.isDraining else { return }
        connection.close(CallError(.unreachable, "the replica at \(address) has ended"))
    }
}
