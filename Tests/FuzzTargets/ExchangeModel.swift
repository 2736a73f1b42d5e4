import WeaverCore

/// The proxy without sockets: the parsers, the rewriter and the machine of the real one, and beside them what each side
/// must have got, put down as it is understood.
///
/// It does what `HTTPServerConnection`, `ProxiedClient` and `BackendConnection` do with bytes; time and the choice among
/// backends come from the input.
struct ExchangeModel: ~Copyable {
    /// What a client has to be able to read back.
    struct Answer {
        let method: HTTPMethod
        let isOldClient: Bool
        var interim: [HTTPStatus] = []
        var status: HTTPStatus?
        var body: [UInt8] = []
        var isComplete = false
    }

    private enum Phase { case head, body, answering, tunnel, closed }

    /// Everything written to the client, and what it should mean.
    private(set) var toClient: [UInt8] = []
    private(set) var answers: [Answer] = []
    private(set) var tunnelToClient: [UInt8]?

    private let limits = HTTPLimits()
    private let reuses: Bool
    private var exchange = ProxyExchange()
    private var phase = Phase.head
    private var clientPending: [UInt8] = []
    private var requests = RequestHeadParser(limits: HTTPLimits())
    private var requestDecoder = BodyDecoder(.none, limits: HTTPLimits())
    private var isBodyHeld = false
    private var traits: RequestTraits?
    private var upgrade: UpgradeOffer?
    private var requestID: RequestID?
    private var ids = RequestIDGenerator(randomness: (1, 2))
    private var head: [UInt8] = []
    private var plan: ResponsePlan?
    private var responseLeft: UInt64 = 0

    /// The connection to the backend, when there is one.
    private var backend: BackendModel?
    private var responses = ResponseHeadParser(limits: HTTPLimits())
    private var responseDecoder: BodyDecoder?
    private var backendPending: [UInt8] = []
    private var isBackendReusable = false

    init(reuses: Bool) { self.reuses = reuses }

    var isClosed: Bool { phase == .closed }

    // MARK: The client's side

    mutating func clientSends(_ bytes: [UInt8]) {
        guard phase != .closed else { return }
        clientPending += bytes
        processClient()
    }

    mutating func clientLeaves() {
        guard phase != .closed else { return }
        phase = .closed
        perform(exchange.clientGone())
    }

    private mutating func processClient() {
        let bytes = clientPending
        let span = unsafe bytes.span.bytes
        var offset = 0
        do throws(HTTPFault) {
            loop: while true {
                switch phase {
                case .head:
                    let rest = span.extracting(offset..<span.byteCount)
                    guard !rest.isEmpty, let parsed = try requests.parse(rest) else { break loop }
                    offset += parsed.byteCount
                    begin(parsed, in: rest)
                case .body:
                    if isBodyHeld { break loop }
                    switch try requestDecoder.next(span, at: &offset) {
                    case .needMore: break loop
                    case .data(let range): requestReceived(span.extracting(range))
                    case .end: requestEnded()
                    }
                case .tunnel:
                    backend?.tunnelReceived(span.extracting(offset..<span.byteCount))
                    offset = span.byteCount
                    break loop
                case .answering, .closed: break loop
                }
            }
        } catch {
            refuse(error)
        }
        clientPending = Array(bytes[min(offset, bytes.count)...])
    }

    private mutating func begin(_ parsed: borrowing RequestHead, in bytes: RawSpan) {
        traits = RequestTraits(parsed)
        plan = nil
        isBodyHeld = false
        requestDecoder = BodyDecoder(parsed.framing, limits: limits)
        phase = .body
        answers.append(Answer(method: parsed.method, isOldClient: parsed.minorVersion == 0))
        upgrade = UpgradeOffer(parsed, in: bytes)
        let id = RequestID.received(with: parsed, in: bytes) ?? ids.next()
        requestID = id
        var output = OutputBuffer()
        let peer = ForwardedPeer(address: "203.0.113.7", isTrusted: reuses, fallbackHost: "127.0.0.1:80")
        HeadRewriter.write(request: parsed, in: bytes, from: peer, requestID: id, upgrade: upgrade, to: &output)
        head = output.copyBytes()
        perform(exchange.begin(isIdempotent: parsed.method.isIdempotent, offersUpgrade: upgrade != nil))
    }

    private mutating func requestReceived(_ body: RawSpan) {
        guard backend != nil, let traits else { return }
        precondition(exchange.takesBody, "a body on a connection without its head")
        exchange.requestBodyPassed()
        backend?.received(body, isChunked: traits.framing == .chunked)
    }

    private mutating func requestEnded() {
        phase = .answering
        exchange.requestDidEnd()
        guard backend != nil, exchange.takesBody else { return }
        if traits?.framing == .chunked {
            exchange.requestBodyPassed()
            backend?.ended(requestDecoder.trailers)
        }
        backend?.checkRequest()
    }

    /// What is no request is answered once, and ends the connection.
    private mutating func refuse(_ fault: HTTPFault) {
        if phase == .head { answers.append(Answer(method: .get, isOldClient: false)) }
        if plan == nil {
            writeError(fault.status)
            answers[answers.count - 1].isComplete = true
        }
        phase = .closed
        perform(exchange.clientGone())
    }

    private mutating func writeError(_ status: HTTPStatus) {
        let isHead = answers[answers.count - 1].method == .head
        var output = OutputBuffer()
        ErrorResponse.write(
            status, detail: "x", keepAlive: false, withoutBody: isHead, date: [], to: &output)
        toClient += output.copyBytes()
        answers[answers.count - 1].status = status
        answers[answers.count - 1].body = isHead ? [] : Array("\(status.reasonPhrase): x\n".utf8)
    }

    // MARK: The machine's actions

    private mutating func perform(_ action: ProxyExchange.Action) {
        precondition(!action.contains([.sendFailure, .finishResponse]), "two ends of one exchange")
        if action.contains(.closeBackend) { dropBackend(keep: false) }
        if action.contains(.releaseBackend) { dropBackend(keep: true) }
        if action.contains(.holdRequestBody), phase == .body, !requestDecoder.isAtEnd { isBodyHeld = true }
        if action.contains(.pickBackend) { pick() }
        if action.contains(.sendHead) { sendHead() }
        if action.contains(.readRequestBody), isBodyHeld {
            isBodyHeld = false
            if phase == .body { processHeldBody() }
        }
        if action.contains(.sendFailure), let failure = exchange.failure {
            writeError(failure.status)
            answers[answers.count - 1].isComplete = true
            phase = .closed
        }
        if action.contains(.finishResponse) { finishResponse() }
        if action.contains(.abortClient) || action.contains(.finishClient) { phase = .closed }
        if action.contains(.endBackend) || action.contains(.finishBackend) { backend?.isWritingEnded = true }
    }

    /// Bytes that came while a connection was being made; `clientSends` is not under way then.
    private mutating func processHeldBody() { processClient() }

    private mutating func pick() {
        guard backend == nil else { preconditionFailure("two backends for one request") }
        responses.reset()
        responseDecoder = nil
        backendPending = []
        guard exchange.mayTry else { return perform(exchange.nonePicked(.allTried)) }
        backend = BackendModel()
        perform(exchange.picked(reused: reuses && !exchange.offersUpgrade))
    }

    private mutating func sendHead() {
        guard let traits else { preconditionFailure("a head without a request") }
        backend?.began(head, traits)
        if phase == .answering { backend?.checkRequest() }
    }

    private mutating func dropBackend(keep: Bool) {
        if keep { precondition(backendPending.isEmpty && phase != .tunnel, "a connection kept in the middle") }
        backend = nil
    }

    // MARK: The backend's side

    mutating func backendConnects() {
        if backend != nil, exchange.isConnecting { perform(exchange.connected()) }
    }

    mutating func backendSends(_ bytes: [UInt8]) {
        guard backend?.hasHead == true, backend?.hasEnded == false else { return }
        backend?.hasResponseBytes = true
        backendPending += bytes
        processBackend()
    }

    mutating func backendEnds() {
        guard backend?.hasHead == true, backend?.hasEnded == false else { return breakBackend() }
        backend?.hasEnded = true
        if phase == .tunnel { return perform(exchange.tunnelBackendEnded()) }
        do throws(HTTPFault) {
            if responseDecoder != nil {
                try responseDecoder?.finishAtClose()
                return endResponse(isLast: false)
            }
        } catch {}
        breakBackend()
    }

    /// The connection is refused, reset, or given up.
    mutating func breakBackend() {
        guard let backend else { return }
        if phase == .tunnel { return perform(exchange.tunnelBackendClosed(isComplete: backend.isWritingEnded)) }
        perform(
            exchange.backendFailed(
                responseBytes: backend.hasResponseBytes, nothingSent: !backend.hasHead, detail: "x"))
    }

    mutating func timeOut() {
        guard phase != .closed else { return }
        perform(exchange.timedOut())
    }

    mutating func clientEndsTunnel() {
        if phase == .tunnel { perform(exchange.tunnelClientEnded()) }
    }

    private mutating func processBackend() {
        let bytes = backendPending
        let span = unsafe bytes.span.bytes
        var offset = 0
        do throws(HTTPFault) {
            loop: while backend != nil, let traits {
                let rest = span.extracting(offset..<span.byteCount)
                if phase == .tunnel {
                    toClient += [UInt8](copying: rest)
                    tunnelToClient? += [UInt8](copying: rest)
                    offset = span.byteCount
                    break loop
                }
                if responseDecoder == nil {
                    guard !rest.isEmpty, let parsed = try responses.parse(rest, answering: traits.method) else {
                        break loop
                    }
                    offset += parsed.byteCount
                    receive(parsed, in: rest, traits)
                } else if let step = try responseDecoder?.next(span, at: &offset) {
                    switch step {
                    case .needMore: break loop
                    case .data(let range): sendBody(span.extracting(range))
                    case .end:
                        backendPending = []
                        return endResponse(isLast: offset == span.byteCount)
                    }
                }
            }
        } catch {
            backendPending = []
            return breakBackend()
        }
        backendPending = backend == nil ? [] : Array(bytes[offset...])
    }

    private mutating func receive(_ parsed: borrowing ResponseHead, in bytes: RawSpan, _ traits: RequestTraits) {
        if parsed.status == .switchingProtocols {
            let isAsOffered = upgrade?.isAccepted(by: parsed, in: bytes) ?? false
            let action = exchange.switched(isAsOffered: isAsOffered)
            guard action.contains(.openTunnel) else { return perform(action) }
            precondition(phase == .answering, "a tunnel inside a request")
            writeHead(parsed, in: bytes, ResponsePlan(to: traits, status: parsed.status, body: .none, mustClose: false))
            answers[answers.count - 1].status = parsed.status
            answers[answers.count - 1].isComplete = true
            phase = .tunnel
            tunnelToClient = []
            return processClient()
        }
        if parsed.status.isInformational {
            responses.reset()
            guard !traits.isOldClient else { return }
            answers[answers.count - 1].interim.append(parsed.status)
            let plan = ResponsePlan(to: traits, status: parsed.status, body: .none, mustClose: false)
            return writeHead(parsed, in: bytes, plan)
        }
        isBackendReusable = parsed.keepAlive
        responseDecoder = BodyDecoder(parsed.framing, limits: limits)
        exchange.responseBegan()
        let plan = ResponsePlan(
            to: traits, status: parsed.status, body: parsed.framing, mustClose: phase != .answering)
        precondition(self.plan == nil, "a second head for one request")
        self.plan = plan
        if case .length(let length) = plan.framing { responseLeft = length } else { responseLeft = 0 }
        writeHead(parsed, in: bytes, plan)
        answers[answers.count - 1].status = parsed.status
    }

    private mutating func writeHead(_ parsed: borrowing ResponseHead, in bytes: RawSpan, _ plan: ResponsePlan) {
        var output = OutputBuffer()
        HeadRewriter.write(
            response: parsed, in: bytes, plan: plan, date: Array("D".utf8), requestID: requestID, to: &output)
        toClient += output.copyBytes()
    }

    private mutating func sendBody(_ bytes: RawSpan) {
        guard let plan else { preconditionFailure("a body without a head") }
        answers[answers.count - 1].body += plan.framing == .none ? [] : [UInt8](copying: bytes)
        switch plan.framing {
        case .none: precondition(false, "a body where there is none")
        case .length:
            precondition(UInt64(bytes.byteCount) <= responseLeft, "more body than was announced")
            responseLeft -= UInt64(bytes.byteCount)
            toClient += [UInt8](copying: bytes)
        case .untilClose: toClient += [UInt8](copying: bytes)
        case .chunked:
            var output = OutputBuffer()
            output.appendChunk(bytes)
            toClient += output.copyBytes()
        }
    }

    private mutating func endResponse(isLast: Bool) {
        let trailers = responseDecoder?.trailers
        responseDecoder = nil
        if plan?.framing == .chunked {
            var output = OutputBuffer()
            output.appendLastChunk(trailers)
            toClient += output.copyBytes()
        }
        perform(exchange.responseEnded(reusable: isBackendReusable && isLast))
    }

    private mutating func finishResponse() {
        guard let plan else { preconditionFailure("an end without a head") }
        answers[answers.count - 1].isComplete = responseLeft == 0
        let isReusable = plan.keepAlive && phase == .answering && responseLeft == 0
        traits = nil
        self.plan = nil
        phase = isReusable ? .head : .closed
        requests.reset()
        if isReusable { processClient() }
    }
}
