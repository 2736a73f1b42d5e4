internal import WeaverCore

/// The client's side of one connection, from connecting to its end. On the loop's thread.
final class RPCClientConnection: ByteStreamDelegate {
    private let core: RPCChannelCore
    private let loop: EventLoop
    private let timer: LoopTimer
    private var stream: ByteStream?
    private let machine: LoopState<ConnectionMachine>
    private let decoder = LoopState(FrameDecoder(maximumLength: RPCLimits.maximumHelloLength))
    private var keepalive: Keepalive
    private var armedFor = MonotonicTime.never
    private let greetingDeadline: MonotonicTime
    private var reason: CallError?

    /// Begins to connect.
    init(core: RPCChannelCore) throws(UVError) {
        self.core = core
        loop = core.loop
        machine = LoopState(ConnectionMachine(role: .client, hello: core.hello))
        let limits = core.limits
        let now = loop.now
        keepalive = Keepalive(interval: limits.pingInterval, limit: limits.silenceLimit, now: now)
        greetingDeadline = now + limits.connectTimeout
        let me = BackReference<RPCClientConnection>()
        timer = try LoopTimer(loop: loop) { me.object?.timerFired() }
        me.object = self
        do throws(UVError) {
            stream = try ByteStream.connect(
                to: core.address, loop: loop, timeout: limits.connectTimeout, delegate: self)
        } catch {
            timer.close()
            throw error
        }
        stream?.highWaterMark = limits.highWaterMark
        stream?.lowWaterMark = limits.highWaterMark / 4
        stream?.flushThreshold = limits.flushThreshold
        arm(for: greetingDeadline)
    }

    /// Whether requests may be written.
    var isReady: Bool { machine.value.acceptsCalls }

    /// Whether the peer takes no new calls.
    var isDraining: Bool { machine.value.state == .draining }

    /// Whether what waits to be sent is below the high-water mark.
    var isWritable: Bool { stream?.isWritable ?? true }

    // MARK: Writing

    /// Lends an encoder over the connection's output.
    @inline(__always)
    func write(_ body: (inout WireEncoder) throws(CallError) -> Void) throws(CallError) {
        try stream?.encode { wire throws(CallError) in try body(&wire) }
    }

    /// Sends a frame that was encoded before: a large one as it is, a small one with the others.
    func write(_ frame: consuming OutputBuffer) {
        stream?.write(frame: frame)
    }

    /// Tells the peer that nobody waits for a call's result.
    func sendCancel(_ id: UInt64) {
        send { $0.appendFrame(id: id, kind: .cancel) }
    }

    private func send(_ body: (inout WireEncoder) -> Void) {
        stream?.encode { wire in body(&wire) }
    }

    // MARK: Reading

    func streamDidConnect(_ stream: ByteStream) {
        do throws(CallError) {
            try write { wire throws(CallError) in
                try wire.appendFrame(id: 0, kind: .hello, limit: RPCLimits.maximumHelloLength) {
                    wire throws(WireError) in try core.hello.encode(wire: &wire)
                }
            }
            stream.startReading()
        } catch {
            close(error)
        }
    }

    func stream(_ stream: ByteStream, didRead bytes: RawSpan) {
        keepalive.received(now: loop.now)
        do throws(FrameError) {
            try decoder.value.feed(bytes) { header, payload in receive(header, payload) }
        } catch {
            close(error.callError)
        }
        if machine.value.state != .greeting { decoder.value.maximumLength = core.limits.maximumFrameLength }
    }

    func streamReadDestination(_ stream: ByteStream) -> UnsafeMutableRawBufferPointer? {
        unsafe decoder.value.wantsDirectRead ? decoder.value.directReadSpace() : nil
    }

    func stream(_ stream: ByteStream, didReadIntoDestination count: Int) {
        keepalive.received(now: loop.now)
        decoder.value.didReadDirectly(count) { header, payload in receive(header, payload) }
    }

    private func receive(_ header: FrameHeader, _ payload: RawSpan) -> Bool {
        do throws(CallError) {
            switch try machine.value.receive(header, payload: payload) {
            case .response: core.received(header.id, payload)
            case .failure: core.receivedError(header.id, payload)
            case .ready:
                core.connectionReady(self)
                arm(for: keepalive.nextCheck)
            case .ping: send { $0.appendFrame(id: header.id, kind: .pong) }
            case .goaway: core.connectionDrains()
            case .request, .cancel, .none: break
            }
            return machine.value.state != .closed
        } catch {
            close(error)
            return false
        }
    }

    // MARK: Time

    /// Makes the timer fire at `time` unless it fires earlier.
    @inline(__always)
    func arm(for time: MonotonicTime) {
        guard time < armedFor else { return }
        armedFor = time
        timer.arm(at: time)
    }

    private func timerFired() {
        let now = loop.now
        armedFor = .never
        core.check(now: now)
        guard machine.value.state != .closed else { return }
        if machine.value.state == .greeting {
            guard now < greetingDeadline else {
                return close(CallError(.unreachable, "no hello from \(core.address) in time"))
            }
            return arm(for: min(greetingDeadline, core.nextCheck(now)))
        }
        if now >= keepalive.nextCheck {
            switch keepalive.check(now: now) {
            case .lost:
                return close(
                    CallError(
                        .connectionLost, "nothing was heard from \(core.address) for \(core.limits.silenceLimit)"))
            case .ping: send { $0.appendFrame(id: 0, kind: .ping) }
            case .none: break
            }
        }
        arm(for: min(keepalive.nextCheck, core.nextCheck(now)))
    }

    // MARK: Ending

    /// Ends the connection; its calls fail with `error` at once.
    func close(_ error: CallError) {
        guard reason == nil else { return }
        reason = error
        machine.value.close()
        core.connectionEnded(error)
        stream?.close()
    }

    func streamDidReachEnd(_ stream: ByteStream) {
        close(CallError(.connectionLost, "\(core.address) closed the connection"))
    }

    func streamDidClose(_ stream: ByteStream, error: UVError?) {
        let description = error.map { "the connection to \(core.address) failed: \($0)" }
        close(CallError(.unreachable, description ?? "the connection to \(core.address) has ended", cause: error))
        timer.close()
        self.stream = nil
    }
}
