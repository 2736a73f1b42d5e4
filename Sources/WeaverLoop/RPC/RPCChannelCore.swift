internal import WeaverCore

/// The part of a channel that belongs to the loop's thread: the call table, which lives as long as the channel, and the
/// connection of the moment.
final class RPCChannelCore: @unchecked Sendable {
    // @unchecked: touched on the loop's thread only, but for `appendRequest`, which touches nothing that changes.

    let loop: EventLoop
    let address: SocketAddress
    let hello: Hello
    let limits: RPCLimits
    private let load: CallLoad
    private var calls: ClientCallTable<PendingCall>
    private(set) var connection: RPCClientConnection?
    private var waiting = WaitingCalls()
    private var backoff = Backoff()
    private var failure: CallError?
    private var retryAt = MonotonicTime(nanoseconds: 0)
    private var isRetired = false
    private var isClosed = false

    init(loop: EventLoop, address: SocketAddress, hello: Hello, limits: RPCLimits, load: CallLoad) {
        self.loop = loop
        self.address = address
        self.hello = hello
        self.limits = limits
        self.load = load
        calls = ClientCallTable(limit: limits.maximumCallsPerConnection)
    }

    /// No call's deadline is before this.
    var nextDeadline: MonotonicTime? { calls.nextDeadline }

    // MARK: Sending

    /// Writes a request's frame. From any thread.
    @inline(__always)
    func appendRequest(
        _ key: MethodKey, _ context: CallContext, id: UInt64, now: MonotonicTime, to wire: inout WireEncoder,
        _ encode: (inout WireEncoder) throws(WireError) -> Void
    ) throws(CallError) {
        try wire.appendFrame(id: id, kind: .request, limit: limits.maximumFrameLength) { wire throws(WireError) in
            try RequestHeader.encode(key: key, context: context, now: now, wire: &wire)
            try encode(&wire)
        }
    }

    /// Sends a call whose arguments are encoded here, straight into the connection's output when there is one.
    func submit(
        _ pending: PendingCall, _ key: MethodKey, _ context: CallContext,
        _ encode: (inout WireEncoder) throws(WireError) -> Void
    ) {
        // One reading for all that is done here.
        let now = loop.now
        guard admit(pending, now) else { return }
        do throws(CallError) {
            if let connection, connection.isReady {
                pending.state = .sent
                try connection.write { wire throws(CallError) in
                    try appendRequest(key, context, id: pending.id, now: now, to: &wire, encode)
                }
            } else {
                try pending.frame.withEncoder { wire throws(CallError) in
                    try appendRequest(key, context, id: pending.id, now: now, to: &wire, encode)
                }
                wait(pending)
            }
        } catch {
            release(pending.id)
            pending.resume(throwing: error)
        }
    }

    /// Sends a call that was encoded on another thread.
    func submitEncoded(_ pending: PendingCall) {
        guard !pending.isCancelled else { return pending.fail(.cancelled, RPCChannel.cancelledEarly) }
        guard admit(pending, loop.now) else { return }
        pending.frame.store(pending.id, at: 0)
        if let connection, connection.isReady { send(pending, on: connection) } else { wait(pending) }
    }

    /// Gives the call an id, or fails it.
    private func admit(_ pending: PendingCall, _ now: MonotonicTime) -> Bool {
        if isClosed || isRetired {
            pending.fail(.unreachable, "the connection to \(address) is not wanted any more")
        } else if let deadline = pending.deadline, deadline <= now {
            pending.fail(.deadlineExceeded, "the deadline had passed before the call was sent")
        } else if let connection, connection.isDraining {
            pending.fail(.draining, "the replica at \(address) is ending")
        } else if connection == nil, let failure, now < retryAt {
            pending.resume(throwing: failure)
        } else if waiting.byteCount >= limits.highWaterMark || connection?.isWritable == false {
            pending.fail(.overloaded, "\(limits.highWaterMark) bytes wait to be sent to \(address)")
        } else if let id = calls.insert(pending, deadline: pending.deadline) {
            pending.id = id
            load.set(calls.count)
            if let deadline = pending.deadline { connection?.arm(for: deadline) }
            return true
        } else {
            pending.fail(.overloaded, "\(calls.limit) calls to \(address) are in flight")
        }
        return false
    }

    private func send(_ pending: PendingCall, on connection: RPCClientConnection) {
        pending.state = .sent
        connection.write(exchange(&pending.frame, with: OutputBuffer()))
    }

    private func wait(_ pending: PendingCall) {
        waiting.append(pending)
        guard connection == nil else { return }
        do throws(UVError) {
            connection = try RPCClientConnection(core: self)
            if let deadline = calls.nextDeadline { connection?.arm(for: deadline) }
        } catch {
            connectionEnded(CallError(.unreachable, "cannot connect to \(address): \(error)", cause: error))
        }
    }

    private func release(_ id: UInt64) {
        _ = take(id)
    }

    private func take(_ id: UInt64) -> PendingCall? {
        let pending = calls.remove(id)
        load.set(calls.count)
        if let pending, pending.state == .waiting { waiting.remove(pending) }
        return pending
    }

    // MARK: From the connection

    /// The peer is known: what waited goes out.
    func connectionReady(_ connection: RPCClientConnection) {
        failure = nil
        backoff.reset()
        load.setUnusable(until: MonotonicTime(nanoseconds: 0))
        for pending in waiting.takeAll() { send(pending, on: connection) }
    }

    /// A result has arrived.
    @inline(__always)
    func received(_ id: UInt64, _ payload: RawSpan) {
        guard let pending = take(id) else { return }
        WireDecoder.withDecoder(over: payload) { wire in pending.complete(&wire) }
        closeIfDone()
    }

    /// An error has arrived.
    func receivedError(_ id: UInt64, _ payload: RawSpan) {
        guard let pending = take(id) else { return }
        WireDecoder.withDecoder(over: payload) { wire in pending.completeWithError(&wire) }
        closeIfDone()
    }

    /// The peer takes no new calls.
    func connectionDrains() {
        load.setUnusable(until: .never)
        closeIfDone()
    }

    /// Some call's deadline may have passed.
    func expire(now: MonotonicTime) {
        for (_, pending) in calls.expire(now: now) {
            if pending.state == .waiting { waiting.remove(pending) }
            pending.fail(.deadlineExceeded, "the deadline passed while the call was in flight")
        }
        load.set(calls.count)
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
        _ = waiting.takeAll()
        for pending in calls.removeAll() {
            pending.fail(pending.mayHaveRun && !isRefusal ? .connectionLost : code, reason.message, cause: reason)
        }
        load.set(0)
    }

    // MARK: Ending

    /// The caller's task was cancelled.
    func cancel(_ pending: PendingCall) {
        switch pending.state {
        case .new: pending.isCancelled = true
        case .done: break
        case .waiting, .sent:
            guard take(pending.id) != nil else { return }
            if pending.state == .sent { connection?.sendCancel(pending.id) }
            pending.fail(.cancelled, "the caller's task was cancelled")
            closeIfDone()
        }
    }

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
        guard calls.count == 0, let connection, isRetired || connection.isDraining else { return }
        connection.close(CallError(.unreachable, "the replica at \(address) has ended"))
    }
}
