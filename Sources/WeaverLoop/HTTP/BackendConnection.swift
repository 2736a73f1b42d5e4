internal import WeaverCore

/// One connection to a backend: it reads responses for the client it is lent to, or waits among the kept ones.
final class BackendConnection {
    let backend: Backend
    /// Whose request is on it; nil while it is kept.
    var client: ProxiedClient?
    /// When it is closed unless used.
    var keptUntil = MonotonicTime(nanoseconds: 0)
    /// Bytes of a response to the current request have arrived.
    private(set) var hasResponseBytes = false
    /// Bytes of the current request that were written.
    private(set) var requestBytes = 0

    private var stream: ByteStream?
    private var parser: ResponseHeadParser
    private var decoder: BodyDecoder?
    private var method = HTTPMethod.get
    private var keepAlive = false
    private var pending = OutputBuffer()
    private let limits: HTTPLimits

    /// Connects to `backend`; the client hears of the outcome.
    init(
        connectingTo backend: Backend, loop: EventLoop, timeout: Duration, limits: HTTPLimits
    ) throws(UVError) {
        self.backend = backend
        self.limits = limits
        parser = ResponseHeadParser(limits: limits)
        stream = try ByteStream.connect(to: backend.address, loop: loop, timeout: timeout, delegate: self)
    }

    /// It can be used.
    var isOpen: Bool { stream?.isOpen == true }
    /// It takes more of a request.
    var isWritable: Bool { stream?.isWritable == true }

    /// None of the request has left this process.
    var nothingSent: Bool { stream.map { $0.isOpen && $0.queuedBytes >= requestBytes } ?? false }

    /// Writes the head of a request, and makes ready for its response.
    func begin(_ method: HTTPMethod, head: borrowing OutputBuffer) {
        self.method = method
        parser.reset()
        decoder = nil
        hasResponseBytes = false
        requestBytes = 0
        head.withBytes { write($0) }
    }

    /// Writes a part of a request as it is.
    func write(_ bytes: RawSpan) {
        requestBytes += bytes.byteCount
        stream?.write { $0.append(bytes) }
    }

    /// Writes a part of a request's body as a chunk.
    func writeChunk(_ bytes: RawSpan) {
        requestBytes += bytes.byteCount
        stream?.write { output in
            output.appendChunkHeader(bytes.byteCount)
            output.append(bytes)
            output.append(ascii: "\r\n")
        }
    }

    /// Ends a request's chunked body.
    func writeLastChunk(_ trailers: TrailerSection) {
        stream?.write { $0.appendLastChunk(trailers) }
    }

    /// The client cannot take more for now.
    func pauseReading() { stream?.pauseReading() }

    /// The client takes more again.
    func resumeReading() { stream?.startReading() }

    /// Closes it, without a word to the client.
    func close() {
        client = nil
        stream?.close()
    }

    // MARK: Responses

    private func process(_ bytes: RawSpan) -> Int {
        var offset = 0
        do throws(HTTPFault) {
            while let client {
                if decoder == nil {
                    let rest = bytes.extracting(offset..<bytes.byteCount)
                    guard let head = try parser.parse(rest, answering: method) else { return offset }
                    offset += head.byteCount
                    if head.status.isInformational {
                        guard head.status != .switchingProtocols else { throw .malformedStatusLine }
                        client.interimResponse(head, in: rest)
                        parser.reset()
                    } else {
                        keepAlive = head.keepAlive
                        decoder = BodyDecoder(head.framing, limits: limits)
                        client.responseBegan(head, in: rest)
                    }
                } else if let step = try decoder?.next(bytes, at: &offset) {
                    switch step {
                    case .needMore: return offset
                    case .data(let range): client.responseReceived(bytes.extracting(range))
                    case .end: endResponse(isLast: offset == bytes.byteCount)
                    }
                }
            }
        } catch {
            client?.backendFailed(self, "a replica's response is invalid: \(error.rawValue)")
        }
        return bytes.byteCount
    }

    private func endResponse(isLast: Bool) {
        let trailers = decoder?.trailers
        decoder = nil
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
        if pending.isEmpty {
            let consumed = process(bytes)
            if consumed < bytes.byteCount { pending.append(bytes.extracting(consumed..<bytes.byteCount)) }
        } else {
            var held = OutputBuffer()
            swap(&held, &pending)
            held.append(bytes)
            let consumed = held.withBytes { process($0) }
            held.dropFirst(consumed)
            if !held.isEmpty { swap(&held, &pending) }
        }
    }

    func streamDidReachEnd(_ stream: ByteStream) {
        guard let client else { return closeUnasked() }
        do throws(HTTPFault) {
            if decoder != nil {
                try decoder?.finishAtClose()
                return endResponse(isLast: false)
            }
        } catch {}
        client.backendFailed(self, "a replica closed the connection")
    }

    func streamDidDrain(_ stream: ByteStream) {
        client?.backendDidDrain()
    }

    func streamDidClose(_ stream: ByteStream, error: UVError?) {
        self.stream = nil
        backend.forget(self)
        client?.backendFailed(
            self, error.map { "\($0)" } ?? "the connection was closed", isTimeout: error?.isTimeout == true)
        client = nil
    }

    /// The backend closed a kept connection, or sent something that nobody asked for.
    private func closeUnasked() {
        backend.forget(self)
        close()
    }
}
