package import WeaverCore

/// One client's connection: requests are read, checked and handed to the handler in order; responses are framed and
/// written in the same order. Back-pressure goes both ways, and every wait has a bound.
///
///     phase      means                                                     leaves it by
///     preface    a header of the PROXY protocol has to come                its end
///     head       between requests, or in the middle of a head              a complete head
///     body       the request's body is arriving                            its end
///     answering  the request is complete, its response is not              finishResponse
///     tunnel     101 was sent: bytes pass both ways as they are             its ends, or a bound
///     lingering  the last response is out; what the client sends is void   its end, or a bound
///     closed     gone
///
/// The parts: `HTTPServerConnection+Responding`, `HTTPServerConnection+Tunnel`, `HTTPServerConnection+Ending`.
package final class HTTPServerConnection {
    enum Phase { case preface, head, body, answering, tunnel, lingering, closed }

    package let stream: ByteStream
    package let server: HTTPServer
    /// There were too many when it came: it only hears so.
    let isRefused: Bool
    /// The client's address without port, as text: the peer's, or the one that a trusted proxy named; nil on a Unix
    /// socket.
    package private(set) lazy var clientHost: String? = stream.peerAddress?.host.map(IPAddress.canonical)
    /// What the response to the current request depends on.
    package var traits: RequestTraits? { currentTraits }
    /// The handler hears when this time has passed; nil for no bound. Cleared with each request.
    var handlerDeadline: MonotonicTime?

    // Not visible to other modules, so that accesses need no check of exclusivity.
    var currentTraits: RequestTraits?
    var handler: (any HTTPConnectionHandler)?
    let parser: LoopState<RequestHeadParser>
    private let decoder: LoopState<BodyDecoder>
    var phase = Phase.head
    /// Bytes that arrived and are not consumed.
    let pending = LoopState(HeldBytes())
    private var isProcessing = false
    var isBodyPaused = false
    /// The client has closed its side.
    var isHalfClosed = false
    /// The client waits for 100 (Continue): the body is not late while it has not got that.
    var awaitsContinue = false
    private var bodyBytes: UInt64 = 0
    var plan: ResponsePlan?
    var responseLeft: UInt64 = 0
    /// When the wait of the current phase is over, see `sweep`.
    var deadline: MonotonicTime
    var queuedAtSweep = 0
    var leftAtSweep: UInt64 = 0
    var stalledSince: MonotonicTime?
    /// When a tunnel is cut because the server drains, or because it should have ended.
    var tunnelDrainDeadline: MonotonicTime?
    /// The handler has heard that the client closed its side of the tunnel.
    var isTunnelEndTold = false
    /// Something that had been written was dropped.
    var isCut = false

    /// Bytes of the requests behind the one that is being answered that are taken in. Above, they stay in the kernel;
    /// below, reading goes on, which is how we notice that the client has left.
    static let readAheadBytes = 4096

    /// Bytes of one read, here and from backends: so much more than its high-water mark a queue may get.
    static let largestRead = 128 * 1024

    init(stream: ByteStream, server: HTTPServer, isRefused: Bool) {
        self.stream = stream
        self.isRefused = isRefused
        self.server = server
        stream.largestRead = Self.largestRead
        parser = LoopState(RequestHeadParser(limits: server.configuration.limits))
        decoder = LoopState(BodyDecoder(.none, limits: server.configuration.limits))
        deadline = server.loop.now + server.configuration.headerTimeout
        let trusted = server.configuration.proxyProtocolPeers
        if !trusted.isEmpty, let clientHost, trusted.contains(clientHost) { phase = .preface }
    }

    func start() {
        if phase == .head { handler = server.handler(for: self) }
        stream.delegate = self
        stream.startReading()
        if isRefused {
            writeError(
                .serviceUnavailable, detail: "too many connections", keepAlive: false, retryAfterSeconds: 1)
            handler?.requestRefused(.serviceUnavailable)
            linger()
        }
    }

    /// Bytes in memory for this client: what it sent and nobody has taken, and what it has not taken.
    var bufferedBytes: Int { pending.value.count + stream.queuedBytes + (handler?.bufferedBytes ?? 0) }

    // MARK: Requests

    /// Takes in `bytes`, which begin where the last call left off, and tells how many were consumed.
    private func process(_ bytes: RawSpan) -> Int {
        var offset = 0
        do throws(HTTPFault) {
            while true {
                switch phase {
                case .preface:
                    guard let count = readPreface(bytes) else { return stream.isOpen ? offset : bytes.byteCount }
                    offset += count
                case .head:
                    guard offset < bytes.byteCount, mayTakeRequest else { return offset }
                    let rest = bytes.extracting(offset..<bytes.byteCount)
                    guard let head = try parser.value.parse(rest) else { return offset }
                    offset += head.byteCount
                    begin(head, in: rest)
                case .body:
                    if isBodyPaused { return offset }
                    switch try decoder.value.next(bytes, at: &offset) {
                    case .needMore: return offset
                    case .data(let range): try receive(bytes.extracting(range))
                    case .end: endRequest()
                    }
                case .answering: return offset
                case .tunnel:
                    if !isBodyPaused, offset < bytes.byteCount {
                        handler?.tunnelDidReceive(bytes.extracting(offset..<bytes.byteCount))
                        return bytes.byteCount
                    }
                    return offset
                case .lingering, .closed: return bytes.byteCount
                }
            }
        } catch {
            refuse(error)
            return bytes.byteCount
        }
    }

    /// Takes the header off the front of the first bytes; nil when it is not complete, or when there is none, which ends
    /// the connection without an answer: whoever speaks first here is no client.
    private func readPreface(_ bytes: RawSpan) -> Int? {
        do throws(ProxyProtocolFault) {
            guard let header = try ProxyProtocolHeader.parse(bytes) else { return nil }
            if let source = header.source { clientHost = source }
            phase = .head
            handler = server.handler(for: self)
            return header.byteCount
        } catch {
            server.tally.value.refused += 1
            close()
            return nil
        }
    }

    /// A client that does not read its responses gets no more of them made: each would be kept in memory.
    private var mayTakeRequest: Bool { stream.isOpen && stream.isWritable }

    private func begin(_ head: borrowing RequestHead, in bytes: RawSpan) {
        server.tally.value.requests += 1
        server.tally.value.requestsInFlight += 1
        currentTraits = RequestTraits(head)
        plan = nil
        bodyBytes = 0
        isBodyPaused = false
        awaitsContinue = head.expectsContinue
        decoder.value = BodyDecoder(head.framing, limits: server.configuration.limits)
        phase = .body
        restartDeadline()
        if case .length(let length) = head.framing, exceedsLimit(length) {
            handler?.requestIsTooLarge(head, in: bytes)
            return refuse(.bodyTooLarge)
        }
        handler?.requestDidBegin(head, in: bytes)
    }

    private func exceedsLimit(_ count: UInt64) -> Bool {
        let limit = server.configuration.limits.bodyBytes
        return limit > 0 && count > limit
    }

    private func receive(_ body: RawSpan) throws(HTTPFault) {
        awaitsContinue = false
        bodyBytes += UInt64(body.byteCount)
        if exceedsLimit(bodyBytes) { throw .bodyTooLarge }
        handler?.requestDidReceive(body)
    }

    private func endRequest() {
        phase = .answering
        restartDeadline()
        handler?.requestDidEnd(trailers: decoder.value.trailers)
    }

    /// Consumes what was held back, as far as that is possible now, and reads on or not accordingly.
    func processPending() {
        guard !isProcessing else { return }
        isProcessing = true
        if !pending.value.isEmpty || phase == .body {
            var held = HeldBytes()
            swap(&held, &pending.value)
            let consumed = held.withBytes { process($0) }
            held.consume(consumed)
            swap(&held, &pending.value)
        }
        isProcessing = false
        // What is left of the input then is no whole request.
        if phase == .head, isHalfClosed, pending.value.isEmpty || mayTakeRequest { return linger() }
        if phase == .tunnel { tellTunnelEnd() }
        adjustReading()
    }

    /// Reads when bytes could be used: a head or body is being received, or, with little held, to notice the end.
    private func adjustReading() {
        guard phase != .closed, !isHalfClosed else { return }
        switch phase {
        case .head where !mayTakeRequest: stream.pauseReading()
        case .body where isBodyPaused, .tunnel where isBodyPaused: stream.pauseReading()
        case .answering where pending.value.count > Self.readAheadBytes: stream.pauseReading()
        default: stream.startReading()
        }
    }

    /// Holds the rest of the request's body back. At most one read's worth arrives still, and is kept.
    package func pauseBody() {
        isBodyPaused = true
        adjustReading()
    }

    /// Lets the request's body flow again.
    package func resumeBody() {
        guard isBodyPaused else { return }
        isBodyPaused = false
        restartDeadline()
        processPending()
    }

    /// The request is complete, or has no body that could be missing.
    package var isRequestComplete: Bool { phase == .answering || (phase == .body && decoder.value.isAtEnd) }
}

extension HTTPServerConnection: ByteStreamDelegate {
    package func stream(_ stream: ByteStream, didRead bytes: RawSpan) {
        if phase == .lingering { return }
        if phase == .body {
            awaitsContinue = false
            restartDeadline()
        }
        if phase == .tunnel { restartDeadline() }
        let wasIdle = phase == .head && pending.value.isEmpty
        if pending.value.isEmpty {
            isProcessing = true
            let consumed = process(bytes)
            isProcessing = false
            if consumed < bytes.byteCount { pending.value.append(bytes.extracting(consumed..<bytes.byteCount)) }
            adjustReading()
        } else {
            pending.value.append(bytes)
            processPending()
        }
        // The first byte of a head sets the shorter bound.
        if wasIdle, phase == .head, !pending.value.isEmpty { restartDeadline() }
    }

    package func streamDidReachEnd(_ stream: ByteStream) {
        isHalfClosed = true
        switch phase {
        case .head, .tunnel: processPending()
        case .preface: close()
        case .body: abort()
        case .answering: restartDeadline()
        case .lingering: stream.closeAfterFlush()
        case .closed: break
        }
    }

    package func streamDidDrain(_ stream: ByteStream) {
        switch phase {
        case .head: processPending()
        case .body, .answering, .tunnel: handler?.clientDidDrain()
        case .preface, .lingering, .closed: break
        }
    }

    package func streamDidClose(_ stream: ByteStream, error: UVError?) {
        guard phase != .closed else { return }
        let isUnderWay = phase == .body || phase == .answering
        if isUnderWay { server.tally.value.requestsInFlight -= 1 }
        if isUnderWay || isCut { server.tally.value.aborted += 1 }
        if phase == .tunnel { server.tally.value.openTunnels -= 1 }
        phase = .closed
        let handler = exchange(&handler, with: nil)
        handler?.clientDidClose()
        server.didClose(self)
    }
}
