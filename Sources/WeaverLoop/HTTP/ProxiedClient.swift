internal import WeaverCore

/// One client of the proxy: the hand of ``ProxyExchange``. Events of both connections go into the machine, the actions
/// that come out are performed here.
final class ProxiedClient {
    /// Retained: the last connections end after their proxy has been closed, and perhaps dropped.
    let proxy: ReverseProxy
    /// It lets go of this one when it has closed, which ends the circle.
    let connection: HTTPServerConnection
    let exchangeState = LoopState(ProxyExchange())
    private(set) var backend: BackendConnection?
    /// What the current request would change the protocol to.
    private(set) var upgrade: UpgradeOffer?
    /// The id of the current request.
    private(set) var requestID: RequestID?
    let excluded = LoopState<[BackendTable.ID]>([])
    /// The request's head as the backends get it, kept until a response begins.
    private let head = LoopState(OutputBuffer())
    let peer: LoopState<ForwardedPeer>
    var responseTrailers: TrailerSection?
    /// The current request has not been given to any backend.
    private var isNewRequest = false
    /// When the current request has waited for a backend long enough; nil before it waits.
    private var waitDeadline: MonotonicTime?
    /// When the current request came, and when it was sent to the backend that has it.
    var requestBegan = MonotonicTime(nanoseconds: 0)
    private(set) var attemptBegan = MonotonicTime(nanoseconds: 0)
    /// What the access log gets; nil without a request, or without a log.
    var record: AccessRecord?

    init(proxy: ReverseProxy, connection: HTTPServerConnection) {
        self.proxy = proxy
        self.connection = connection
        let host = connection.clientHost
        peer = LoopState(
            ForwardedPeer(
                address: host ?? "unknown",
                isTrusted: host.map(proxy.configuration.trustedProxies.contains) ?? false))
    }

    /// Bytes of `head`'s memory that an idle client keeps.
    private static let keptHeadCapacity = 4096

    private var loop: EventLoop { proxy.loop }

    // MARK: Actions

    func perform(_ action: ProxyExchange.Action) {
        if action.contains(.closeBackend) { giveBack(keep: false) }
        if action.contains(.releaseBackend) { giveBack(keep: true) }
        if action.contains(.holdRequestBody), !connection.isRequestComplete { connection.pauseBody() }
        if action.contains(.pickBackend) { pick() }
        if action.contains(.waitForBackend) { wait() }
        if action.contains(.waitForRecovery) { wait(atMost: proxy.failureBackoff) }
        if action.contains(.sendHead) { sendHead() }
        if action.contains(.readRequestBody) { connection.resumeBody() }
        if action.contains(.sendFailure), let failure = exchangeState.value.failure {
            proxy.tally.value.failures += 1
            proxy.stopWaiting(self)
            forgetHead()
            noteFailure(failure.status)
            noteEnd(isComplete: true)
            connection.respondError(
                failure.status, detail: failure.detail, retryAfterSeconds: failure.retryAfterSeconds,
                requestID: requestID)
        }
        if action.contains(.finishResponse) {
            noteEnd(isComplete: true)
            connection.finishResponse(trailers: exchange(&responseTrailers, with: nil))
        }
        if action.contains(.abortClient) {
            proxy.traffic.value.failed()
            connection.abort()
        }
        if exchangeState.value.offersUpgrade { performTunnel(action) }
    }

    private func giveBack(keep: Bool) {
        guard let given = backend else { return }
        backend = nil
        proxy.release(given, keep: keep)
    }

    /// Waits for backends; one bound for all the waiting of a request: it may be woken and find nothing.
    private func wait(atMost nanoseconds: UInt64 = .max) {
        let now = loop.now
        proxy.wait(self)
        let deadline = waitDeadline ?? now + proxy.configuration.waitTimeout
        waitDeadline = deadline
        connection.handlerDeadline = min(deadline, now.advanced(nanoseconds: nanoseconds))
    }

    private func pick() {
        proxy.stopWaiting(self)
        connection.handlerDeadline = nil
        attemptBegan = loop.now
        if isNewRequest {
            isNewRequest = false
            requestBegan = attemptBegan
        }
        guard exchangeState.value.mayTry else {
            return perform(exchangeState.value.nonePicked(.allTried, mayWait: proxy.mayWait))
        }
        switch proxy.pick(
            for: self, excluding: excluded.value, forTunnel: exchangeState.value.offersUpgrade, now: attemptBegan)
        {
        case .kept(let kept):
            backend = kept
            noteSending(to: kept.backend)
            perform(exchangeState.value.picked(reused: true))
        case .connecting(let made):
            backend = made
            noteSending(to: made.backend)
            perform(exchangeState.value.picked(reused: false))
        case .failed(let backend):
            noteSending(to: backend)
            backend.traffic.value.failed()
            excluded.value.append(backend.id)
            perform(exchangeState.value.picked(reused: false))
            perform(
                exchangeState.value.backendFailed(
                    responseBytes: false, nothingSent: true, detail: "a replica cannot be connected"))
        case .exhausted:
            perform(exchangeState.value.localFailure())
        case .busy:
            perform(exchangeState.value.nonePicked(.allBusy, mayWait: proxy.mayWait))
        case .none:
            perform(
                exchangeState.value.nonePicked(proxy.hasBackends ? .allTried : .none, mayWait: proxy.mayWait))
        }
    }

    private func sendHead() {
        guard let backend, let traits = connection.traits else { return }
        backend.begin(traits.method, head: head.value)
        // While the client is waited for, its own bounds hold.
        if connection.isRequestComplete || connection.awaitsContinue { awaitResponse() }
    }

    /// It is the backend's turn now.
    private func awaitResponse() {
        guard exchangeState.value.isAwaiting else { return }
        connection.handlerDeadline = loop.roundTime.advanced(nanoseconds: proxy.responseBound)
    }

    /// The request may not be passed on: who has it is the one whom it was for (RFC 9110 section 7.6.2).
    private func answer(_ request: borrowing RequestHead) {
        let status = request.method == .options ? HTTPStatus.ok : .notImplemented
        requestBegan = loop.now
        noteOwnAnswer(status)
        noteEnd(isComplete: true)
        connection.respondError(status, detail: "this is a proxy, and Max-Forwards is 0", requestID: requestID)
    }

    func forgetHead() {
        if head.value.allocatedCapacity > Self.keptHeadCapacity { head.value = OutputBuffer() }
    }
}

extension ProxiedClient: HTTPConnectionHandler {
    func requestDidBegin(_ request: borrowing RequestHead, in bytes: RawSpan) {
        head.value.truncate(to: 0)
        if !excluded.value.isEmpty { excluded.value.removeAll(keepingCapacity: true) }
        waitDeadline = nil
        isNewRequest = true
        if request.authority == nil { peer.value.fallbackHost = connection.stream.localAddress?.description ?? "" }
        upgrade = UpgradeOffer(request, in: bytes)
        let id = RequestID.received(with: request, in: bytes) ?? proxy.makeRequestID()
        requestID = id
        noteRequest(request, id: id, in: bytes)
        if request.forwardsLeft == 0 { return answer(request) }
        HeadRewriter.write(
            request: request, in: bytes, from: peer.value, requestID: id, upgrade: upgrade, to: &head.value)
        perform(
            exchangeState.value.begin(isIdempotent: request.method.isIdempotent, offersUpgrade: upgrade != nil))
    }

    func requestDidReceive(_ body: RawSpan) {
        guard let backend, let traits = connection.traits else { return }
        exchangeState.value.requestBodyPassed()
        traits.framing == .chunked ? backend.writeChunk(body) : backend.write(body)
        connection.handlerDeadline = nil
        guard !backend.isWritable else { return }
        connection.pauseBody()
        awaitResponse()
    }

    func requestDidEnd(trailers: TrailerSection?) {
        exchangeState.value.requestDidEnd()
        awaitResponse()
        guard connection.traits?.framing == .chunked else { return }
        exchangeState.value.requestBodyPassed()
        backend?.writeLastChunk(trailers)
    }

    func tunnelDidReceive(_ bytes: RawSpan) {
        guard let backend, exchangeState.value.isTunnel else { return }
        backend.write(bytes)
        if !backend.isWritable { connection.pauseBody() }
    }

    func tunnelDidEnd() {
        perform(exchangeState.value.tunnelClientEnded())
    }

    func clientDidDrain() {
        backend?.resumeReading()
    }

    func clientDidClose() {
        proxy.stopWaiting(self)
        noteEnd(isComplete: false)
        perform(exchangeState.value.clientGone())
    }

    func deadlineDidPass() {
        if exchangeState.value.isAwaiting || exchangeState.value.isConnecting {
            backend?.backend.traffic.value.failed()
        }
        // Those that were tried and failed are due again.
        if exchangeState.value.isWaiting { excluded.value.removeAll() }
        perform(exchangeState.value.timedOut())
    }

    func releaseIdleMemory() { backend?.releaseIdleMemory() }

    var bufferedBytes: Int { backend?.bufferedBytes ?? 0 }
}
