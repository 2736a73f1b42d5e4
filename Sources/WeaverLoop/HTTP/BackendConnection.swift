internal import CUV
internal import WeaverCore

/// One connection to a backend: it reads responses for the client it is lent to, or waits among the kept ones.
final class BackendConnection {
    let backend: Backend
    private let clientState = LoopState<ProxiedClient?>(nil)
    /// Whose request is on it; nil while it is kept.
    var client: ProxiedClient? {
        get { clientState.value }
        set { clientState.value = newValue }
    }
    /// When it is closed unless used.
    var keptUntil = MonotonicTime(nanoseconds: 0)
    /// Bytes of a response to the current request have arrived.
    private(set) var hasResponseBytes = false
    /// A response has begun on it, to this request or an earlier one.
    private(set) var hasAnswered = false
    /// A response to the current request has begun.
    var isAnswered = false
    /// It carries another protocol, for the client that asked for it.
    private(set) var isTunnel = false
    private var hasEnded = false

    /// A request's head has been written, and its response is not complete.
    private var isInExchange = false
    private var headBytes = 0
    private var interimResponses = 0
    private(set) var stream: ByteStream?
    /// The rest of the response's body passes inside of the kernel.
    var splice: StreamSplice?
    let smallestSplice: UInt64
    private let parser: LoopState<ResponseHeadParser>
    let decoder: LoopState<BodyDecoder>
    /// The head of a response has been passed on, and the decoder takes what follows.
    private var isInBody = false
    private var method = HTTPMethod.get
    private var keepAlive = false
    private let pending = LoopState(HeldBytes())
    private let limits: HTTPLimits

    /// Connects to `backend`; the client hears of the outcome.
    init(
        connectingTo backend: Backend, loop: EventLoop, configuration: ReverseProxyConfiguration
    ) throws(UVError) {
        self.backend = backend
        limits = configuration.backendLimits
        smallestSplice = configuration.smallestSplice
        parser = LoopState(ResponseHeadParser(limits: limits))
        decoder = LoopState(BodyDecoder(.none, limits: limits))
        let stream = try ByteStream.connect(
            to: backend.address, loop: loop, timeout: configuration.connectTimeout, delegate: self)
        self.stream = stream
        stream.largestRead = HTTPServerConnection.largestRead
        stream.highWaterMark = configuration.backendHighWaterMark
        stream.lowWaterMark = configuration.backendLowWaterMark
        // A backend that answers early and closes breaks our writing before we have read its answer.
        stream.readsAfterWriteError = true
    }

    /// It can carry a request.
    var isUsable: Bool { stream?.isOpen == true && stream?.failedWrite == nil }
    /// Neither bytes nor an end or an error wait to be read.
    var isQuiet: Bool { stream?.descriptor.map(weaver_is_quiet) == 1 }
    /// It takes more of a request.
    var isWritable: Bool { stream?.isWritable == true }

    /// Bytes in memory: of the request that the backend has not taken, and of the response that is not complete.
    var bufferedBytes: Int { pending.value.count + (stream?.queuedBytes ?? 0) + (splice?.held ?? 0) }

    /// Gives back memory that is kept for the next request, or the next bytes of a tunnel.
    func releaseIdleMemory() { stream?.releaseIdleMemory() }

    /// None of the request has left this process; to be asked only while nothing but its head was written.
    var nothingSent: Bool { stream.map { $0.isOpen && headBytes > 0 && $0.queuedBytes >= headBytes } ?? false }

    /// Writes the head of a request, and makes ready for its response.
    func begin(_ method: HTTPMethod, head: borrowing OutputBuffer) {
        precondition(stream?.isConnected == true, "a request on a connection that does not stand")
        self.method = method
        parser.value.reset()
        isInBody = false
        hasResponseBytes = false
        interimResponses = 0
        isInExchange = true
        headBytes = head.count
        head.withBytes { write($0) }
    }

    /// Writes a part of a request as it is.
    func write(_ bytes: RawSpan) {
        checkInExchange()
        stream?.write { $0.append(bytes) }
    }

    /// Writes a part of a request's body as a chunk.
    func writeChunk(_ bytes: RawSpan) {
        checkInExchange()
        stream?.write { $0.appendChunk(bytes) }
    }

    /// Ends a request's chunked body.
    func writeLastChunk(_ trailers: TrailerSection?) {
        checkInExchange()
        stream?.write { $0.appendLastChunk(trailers) }
    }

    /// A body in front of its head, or behind another request, would be read as a request of its own.
    private func checkInExchange() {
        precondition(isInExchange, "a request's body on a connection without its head")
    }

    /// The client cannot take more for now.
    func pauseReading() { stream?.pauseReading() }

    /// The client takes more again.
    func resumeReading() {
        if !hasEnded { stream?.startReading() }
    }

    /// Closes it, without a word to the client. In the middle of an exchange by a reset: a backend may take an orderly
    /// end for a client that still reads.
    func close() {
        client = nil
        isInExchange ? stream?.reset() : stream?.close()
    }

    // MARK: Tunnels

    /// What comes from now on is for the client as it is.
    func becomeTunnel() { isTunnel = true }

    /// The client has said everything.
    func endWriting() { stream?.shutdown() }

    /// Both sides have: closes behind what is queued.
    func finish() { stream?.closeAfterFlush() }

    private func tunnelDidEnd(_ stream: ByteStream) {
        hasEnded = true
        // From here on only a failed write tells that the backend has gone.
        stream.readsAfterWriteError = false
        guard stream.failedWrite == nil else { return stream.reset() }
        client?.tunnelBackendEnded()
    }

    // MARK: Responses

    private func process(_ bytes: RawSpan) -> Int {
        var offset = 0
        do throws(HTTPFault) {
            while let client {
                if isTunnel {
                    if offset < bytes.byteCount {
                        client.tunnelReceived(bytes.extracting(offset..<bytes.byteCount))
                    }
                    return bytes.byteCount
                } else if !isInBody {
                    let rest = bytes.extracting(offset..<bytes.byteCount)
                    guard let head = try parser.value.parse(rest, answering: method) else { return offset }
                    offset += head.byteCount
                    if head.status == .switchingProtocols {
                        hasAnswered = true
                        client.switched(head, in: rest)
                    } else if head.status.isInformational {
                        interimResponses += 1
                        guard interimResponses <= limits.interimResponses else { throw .tooManyInterimResponses }
                        client.interimResponse(head, in: rest)
                        parser.value.reset()
                    } else {
                        hasAnswered = true
                        keepAlive = head.keepAlive
                        decoder.value = BodyDecoder(head.framing, limits: limits)
                        isInBody = true
                        client.responseBegan(head, in: rest)
                    }
                } else {
                    switch try decoder.value.next(bytes, at: &offset) {
                    case .needMore:
                        spliceLongBody()
                        return offset
                    case .data(let range): client.responseReceived(bytes.extracting(range))
                    case .end: endResponse(isLast: offset == bytes.byteCount)
                    }
                }
            }
        } catch {
            client?.backendFailed(self, .invalidResponse(error))
        }
        return bytes.byteCount
    }

    func endResponse(isLast: Bool) {
        let trailers = decoder.value.trailers
        isInBody = false
        isInExchange = false
        // Bytes behind the response answer nothing: such a connection is not used again.
        client?.responseEnded(trailers: trailers, reusable: keepAlive && isLast)
    }
}

extension BackendConnection: ByteStreamDelegate {
    func streamDidConnect(_ stream: ByteStream) {
        stream.startReading()
        client?.backendConnected(self)
    }

    func stream(_ stream: ByteStream, didRead bytes: RawSpan) {
        guard client != nil else { return closeUnasked() }
        hasResponseBytes = true
        if pending.value.isEmpty {
            let consumed = process(bytes)
            if consumed < bytes.byteCount { pending.value.append(bytes.extracting(consumed..<bytes.byteCount)) }
        } else {
            var held = HeldBytes()
            swap(&held, &pending.value)
            held.append(bytes)
            let consumed = held.withBytes { process($0) }
            held.consume(consumed)
            swap(&held, &pending.value)
        }
    }

    func streamDidReachEnd(_ stream: ByteStream) {
        guard let client else { return closeUnasked() }
        if isTunnel { return tunnelDidEnd(stream) }
        do throws(HTTPFault) {
            if isInBody {
                try decoder.value.finishAtClose()
                return endResponse(isLast: false)
            }
        } catch {
            // Its body is not complete: said below, as of every other end.
        }
        client.backendFailed(self, .connectionClosed)
    }

    func streamDidDrain(_ stream: ByteStream) {
        client?.backendDidDrain()
    }

    func streamDidClose(_ stream: ByteStream, error: UVError?) {
        self.stream = nil
        splice = nil
        backend.forget(self)
        if isTunnel {
            client?.tunnelBackendClosed(isComplete: error == nil && hasEnded)
            client = nil
            return
        }
        // Not the error's text: it names the backend's address, which is nothing for clients.
        client?.backendFailed(self, .connectionFailed, isTimeout: error?.isTimeout == true)
        client = nil
    }

    /// The backend closed a kept connection, or sent something that nobody asked for.
    private func closeUnasked() {
        backend.forget(self)
        close()
    }
}
