internal import WeaverCore

/// The server's side of one connection: feeds the machines with what the stream reads, runs the requests, sends the
/// answers. On the loop's thread, but for ``answer(_:_:_:)``.
final class RPCServerConnection: ByteStreamDelegate, ServerReplySink, @unchecked Sendable {
    // @unchecked: touched on the loop's thread only; `answer` looks where it is.

    private let server: RPCServer
    private let stream: ByteStream
    private let timer: LoopTimer
    private let loop: EventLoop
    private let machine: LoopState<ConnectionMachine>
    private let decoder = LoopState(FrameDecoder(maximumLength: RPCLimits.maximumHelloLength))
    private let calls: LoopState<ServerCallTable<ServerCall>>
    private var keepalive: Keepalive
    private let dispatcher: LoopState<any RPCDispatcher>
    private var armedFor = MonotonicTime.never
    private let greetingDeadline: MonotonicTime
    /// When the bytes that are being handled were read: the time of all frames in them.
    private var readTime: MonotonicTime
    private var isGreeting = true
    /// Calls begun by the frames of this read.
    private var begunInTurn = 0

    init(server: RPCServer, stream: ByteStream) throws(UVError) {
        self.server = server
        self.stream = stream
        loop = server.loop
        machine = LoopState(ConnectionMachine(role: .server, hello: server.hello))
        calls = LoopState(ServerCallTable(limit: server.limits.maximumCallsPerConnection))
        let now = loop.now
        keepalive = Keepalive(interval: server.limits.pingInterval, limit: server.limits.silenceLimit, now: now)
        readTime = now
        greetingDeadline = now + server.limits.connectTimeout
        dispatcher = LoopState(server.dispatcher)
        let me = BackReference<RPCServerConnection>()
        timer = try LoopTimer(loop: loop) { me.object?.timerFired() }
        me.object = self
    }

    func start() {
        stream.delegate = self
        stream.highWaterMark = server.limits.highWaterMark
        stream.lowWaterMark = server.limits.highWaterMark / 4
        stream.flushThreshold = server.limits.flushThreshold
        stream.startReading()
        arm(for: greetingDeadline)
    }

    // MARK: Reading

    func stream(_ stream: ByteStream, didRead bytes: RawSpan) {
        readTime = loop.now
        keepalive.received(now: readTime)
        do throws(FrameError) {
            try decoder.value.feed(bytes) { header, payload in receive(header, payload) }
        } catch {
            refuse(error.callError)
        }
        didFeed()
    }

    func streamReadDestination(_ stream: ByteStream) -> UnsafeMutableRawBufferPointer? {
        unsafe decoder.value.wantsDirectRead ? decoder.value.directReadSpace() : nil
    }

    func stream(_ stream: ByteStream, didReadIntoDestination count: Int) {
        readTime = loop.now
        keepalive.received(now: readTime)
        decoder.value.didReadDirectly(count) { header, payload in receive(header, payload) }
        didFeed()
    }

    /// The frames of one read are done.
    private func didFeed() {
        if machine.value.state != .greeting { decoder.value.maximumLength = server.limits.maximumFrameLength }
        if !stream.isWritable { stream.pauseReading() } else { giveTurn() }
        if let deadline = calls.value.nextDeadline { arm(for: deadline) }
    }

    /// After a read that began many calls the others' input comes first.
    private func giveTurn() {
        guard exchange(&begunInTurn, with: 0) >= server.limits.callsPerTurn else { return }
        stream.pauseReading()
        loop.executeLocally { [self] in
            guard machine.value.state != .closed, stream.isWritable else { return }
            stream.startReading()
        }
    }

    private func receive(_ header: FrameHeader, _ payload: RawSpan) -> Bool {
        do throws(CallError) {
            switch try machine.value.receive(header, payload: payload) {
            case .request: try request(header.id, payload)
            case .cancel: calls.value.remove(header.id)?.cancel()
            case .ping: send { $0.appendFrame(id: header.id, kind: .pong) }
            case .ready(let peer): try greet(peer)
            case .response, .failure, .goaway, .none: break
            }
            return true
        } catch {
            refuse(error)
            return false
        }
    }

    private func greet(_ peer: HelloPeer) throws(CallError) {
        endGreeting()
        dispatcher.value = server.dispatcher.session(for: peer)
        try stream.encode { wire throws(CallError) in
            try wire.appendFrame(id: 0, kind: .hello, limit: RPCLimits.maximumHelloLength) { wire throws(WireError) in
                try server.hello.encode(wire: &wire)
            }
        }
        if server.isDraining { sendGoaway() }
        arm(for: keepalive.nextCheck)
    }

    private func endGreeting() {
        guard isGreeting else { return }
        isGreeting = false
        server.greetingEnded()
    }

    // MARK: Calls

    private func request(_ id: UInt64, _ payload: RawSpan) throws(CallError) {
        let admission = calls.value.admission(of: id)
        guard admission != .duplicate else {
            throw CallError(.internalError, "two calls in flight have the id \(id)")
        }
        guard admission == .admitted, server.hasRoom else { return refuseForLackOfRoom(id) }
        guard !server.isDraining else {
            return refuseCall(id, CallError(.draining, "the replica \(server.hello.name) is ending"))
        }
        WireDecoder.withDecoder(over: payload) { wire in
            do throws(CallError) {
                guard let call = try decode(id, &wire) else { return refuseForLackOfRoom(id) }
                run(call)
            } catch {
                refuseCall(id, error)
            }
        }
    }

    /// The call of a request; nil when it could not begin in time.
    private func decode(_ id: UInt64, _ wire: inout WireDecoder) throws(CallError) -> ServerCall? {
        let header: RequestHeader
        do throws(WireError) {
            header = try RequestHeader(wire: &wire)
        } catch {
            throw CallError(.badArguments, "the request cannot be read: \(error.message)")
        }
        guard !server.workers.isTooLate(timeLeft: header.timeLeft) else { return nil }
        let head = CallHead(id: id, context: header.context(now: readTime), sink: self)
        let call = try dispatcher.value.dispatch(header.key, arguments: &wire, head: head)
        do throws(WireError) {
            try wire.finish()
        } catch {
            throw CallError(.badArguments, error.message)
        }
        return call
    }

    private func run(_ call: ServerCall) {
        begunInTurn += 1
        calls.value.insert(call, id: call.id, deadline: call.context.deadline)?.cancel()
        server.callBegan()
        call.start(by: server.workers)
    }

    func ended(_ call: ServerCall) {
        if !call.isAnswered {
            call.fail(CallError(.internalError, "the call ended without an answer", mayHaveRun: true))
        }
        server.callEnded()
    }

    private func refuseForLackOfRoom(_ id: UInt64) {
        stream.write { output in
            output.append(id)
            output.append(UInt64(FrameKind.error.rawValue) | UInt64(server.refusal.count) << 8)
            output.append(server.refusal)
        }
    }

    private func refuseCall(_ id: UInt64, _ error: CallError) {
        sendError(id, error)
    }

    // MARK: Answers

    func answer(
        _ call: ServerCall, _ kind: FrameKind, _ payload: (inout WireEncoder) throws(WireError) -> Void
    ) {
        if loop.isInLoop {
            guard take(call) else { return }
            stream.encode { wire in encodeAnswer(call.id, kind, &wire, payload) }
        } else {
            var output = OutputBuffer(capacity: 256)
            output.withEncoder { wire in encodeAnswer(call.id, kind, &wire, payload) }
            let frame = EncodedFrame(output)
            loop.execute { [self] in
                if take(call) { stream.write(frame: exchange(&frame.bytes, with: OutputBuffer())) }
            }
        }
    }

    /// Whether the call still wants its answer; it does not afterwards.
    private func take(_ call: ServerCall) -> Bool {
        guard call.takeAnswer() else { return false }
        return calls.value.remove(call.id) != nil
    }

    /// Writes an answer, or the error that says why it could not be written.
    private func encodeAnswer(
        _ id: UInt64, _ kind: FrameKind, _ wire: inout WireEncoder,
        _ payload: (inout WireEncoder) throws(WireError) -> Void
    ) {
        do throws(CallError) {
            try wire.appendFrame(id: id, kind: kind, limit: server.limits.maximumFrameLength, payload: payload)
        } catch {
            Self.appendError(id, CallError(error.code, "the answer \(error.message)", mayHaveRun: true), &wire)
        }
    }

    private func sendError(_ id: UInt64, _ error: CallError) {
        send { wire in Self.appendError(id, error, &wire) }
    }

    private static func appendError(_ id: UInt64, _ error: CallError, _ wire: inout WireEncoder) {
        // Its text is bounded, so this cannot fail.
        try? wire.appendFrame(id: id, kind: .error, limit: .max) { wire throws(WireError) in
            try ErrorPayload.call(error).encode(wire: &wire)
        }
    }

    private func send(_ body: (inout WireEncoder) -> Void) {
        stream.encode { wire in body(&wire) }
    }

    // MARK: Time

    /// Makes the timer fire at `time` unless it fires earlier.
    private func arm(for time: MonotonicTime) {
        guard time < armedFor else { return }
        armedFor = time
        timer.arm(at: time)
    }

    private func timerFired() {
        let now = loop.now
        armedFor = .never
        if machine.value.state == .greeting {
            guard now < greetingDeadline else { return close() }
            return arm(for: greetingDeadline)
        }
        for (id, call) in calls.value.expire(now: now) {
            sendError(id, CallError(.deadlineExceeded, "the deadline passed at the callee", mayHaveRun: true))
            call.cancel()
        }
        if now >= keepalive.nextCheck {
            switch keepalive.check(now: now) {
            case .lost: return stream.close()
            case .ping: send { $0.appendFrame(id: 0, kind: .ping) }
            case .none: break
            }
        }
        arm(for: min(keepalive.nextCheck, calls.value.nextDeadline ?? .never))
    }

    // MARK: Ending

    /// Tells the peer to send no more calls.
    func sendGoaway() {
        guard machine.value.state == .ready else { return }
        machine.value.didSendGoaway()
        send { $0.appendFrame(id: 0, kind: .goaway) }
    }

    /// Ends the connection, telling the peer why.
    private func refuse(_ error: CallError) {
        sendError(0, error)
        close()
    }

    /// Ends the connection once what was written is sent.
    func close() {
        machine.value.close()
        stream.pauseReading()
        stream.closeAfterFlush()
        cancelCalls()
    }

    private func cancelCalls() {
        for call in calls.value.removeAll() { call.cancel() }
    }

    func streamDidDrain(_ stream: ByteStream) {
        if machine.value.state != .closed { stream.startReading() }
    }

    func streamDidReachEnd(_ stream: ByteStream) {
        stream.close()
    }

    func streamDidClose(_ stream: ByteStream, error: UVError?) {
        machine.value.close()
        endGreeting()
        timer.close()
        cancelCalls()
        server.connectionClosed(self)
    }
}
