internal import WeaverCore

/// One client of the proxy: the hand of ``ProxyExchange``. Events of both connections go into the machine, the actions
/// that come out are performed here.
final class ProxiedClient {
    /// Retained: the last connections end after their proxy has been closed, and perhaps dropped.
    let proxy: ReverseProxy
    unowned let connection: HTTPServerConnection
    var exchangeState = ProxyExchange()
    private(set) var backend: BackendConnection?
    /// What the current request would change the protocol to.
    private(set) var upgrade: UpgradeOffer?
    /// The id of the current request.
    private(set) var requestID: RequestID?
    private var excluded: [BackendTable.ID] = []
    /// The request's head as the backends get it, kept until a response begins.
    private var head = OutputBuffer()
    private(set) var peer: ForwardedPeer
    private var responseTrailers: TrailerSection?
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
        peer = ForwardedPeer(
            address: host ?? "unknown", isTrusted: host.map(proxy.configuration.trustedProxies.contains) ?? false)
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
        if action.contains(.waitForBackend) {
            proxy.wait(self)
            // One bound for all the waiting of a request: it may be woken and find nothing.
            let deadline = waitDeadline ?? loop.now + proxy.configuration.waitTimeout
            waitDeadline = deadline
            connection.handlerDeadline = deadline
        }
        if action.contains(.sendHead) { sendHead() }
        if action.contains(.readRequestBody) { connection.resumeBody() }
        if action.contains(.sendFailure), let failure = exchangeState.failure {
            proxy.counters.failures += 1
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
            proxy.traffic.failed()
            connection.abort()
        }
        if exchangeState.offersUpgrade { performTunnel(action) }
    }

    private func giveBack(keep: Bool) {
        guard let backend = exchange(&backend, with: nil) else { return }
        proxy.release(backend, keep: keep)
    }

    private func pick() {
        proxy.stopWaiting(self)
        connection.handlerDeadline = nil
        attemptBegan = loop.now
        if isNewRequest {
            isNewRequest = false
            requestBegan = attemptBegan
        }
        switch proxy.pick(
            for: self, excluding: excluded, forTunnel: exchangeState.offersUpgrade, now: attemptBegan)
        {
        case .kept(let kept):
            backend = kept
            noteSending(to: kept.backend)
            perform(exchangeState.picked(reused: true))
        case .connecting(let made):
            backend = made
            noteSending(to: made.backend)
            perform(exchangeState.picked(reused: false))
        case .failed(let backend):
            noteSending(to: backend)
            backend.traffic.failed()
            excluded.append(backend.id)
            perform(exchangeState.picked(reused: false))
            perform(
                exchangeState.backendFailed(
                    responseBytes: false, nothingSent: true, detail: "a replica cannot be connected"))
        case .exhausted:
            perform(exchangeState.localFailure())
        case .busy:
            perform(exchangeState.nonePicked(isBusy: true, mayWait: proxy.mayWait))
        case .none:
            perform(exchangeState.nonePicked(mayWait: proxy.mayWait))
        }
    }

    private func sendHead() {
        guard let backend, let traits = connection.traits else { return }
        backend.begin(traits.method, head: head)
        // While the client is waited for, its own bounds hold.
        if connection.isRequestComplete || connection.awaitsContinue { awaitResponse() }
    }

    /// It is the backend's turn now.
    private func awaitResponse() {
        guard exchangeState.isAwaiting else { return }
        connection.handlerDeadline = loop.now + proxy.configuration.responseTimeout
    }

    func forgetHead() {
        if head.allocatedCapacity > Self.keptHeadCapacity { head = OutputBuffer() }
    }

    // MARK: The backend's side

    func backendsChanged() {
        perform(exchangeState.backendsChanged())
    }

    func backendConnected(_ connection: BackendConnection) {
        guard connection === backend else { return }
        perform(connection.backend.isRemoved ? exchangeState.backendRemoved() : exchangeState.connected())
    }

    func backendFailed(_ failed: BackendConnection, _ detail: String, isTimeout: Bool = false) {
        guard failed === backend else { return }
        if exchangeState.isConnecting {
            if failed.backend.isRemoved { return perform(exchangeState.backendRemoved()) }
            failed.backend.traffic.failed()
            proxy.failed(failed)
            excluded.append(failed.backend.id)
            if isTimeout { return perform(exchangeState.timedOut()) }
        } else {
            // Where one kept connection is broken the others are likely to be: the next attempt makes a new one.
            failed.backend.closeAllKept()
            failed.backend.traffic.failed()
            if !failed.hasAnswered, !failed.hasResponseBytes { proxy.failed(failed) }
        }
        let action = exchangeState.backendFailed(
            responseBytes: failed.hasResponseBytes, nothingSent: failed.nothingSent, detail: detail)
        if action.contains(.pickBackend) { proxy.counters.retries += 1 }
        perform(action)
    }

    func backendDidDrain() {
        guard exchangeState.takesBody || exchangeState.isTunnel else { return }
        if !connection.isRequestComplete { connection.handlerDeadline = nil }
        connection.resumeBody()
    }

    func interimResponse(_ response: borrowing ResponseHead, in bytes: RawSpan) {
        // RFC 9110 section 15.2: not to a client of HTTP/1.0.
        guard let traits = connection.traits, !traits.isOldClient else { return }
        let plan = ResponsePlan(to: traits, status: response.status, body: .none, mustClose: false)
        connection.sendInterim(response.status) { output in
            HeadRewriter.write(response: response, in: bytes, plan: plan, date: [], to: &output)
        }
        if response.status == .continue, !connection.isRequestComplete { connection.handlerDeadline = nil }
        if !connection.isWritable { backend?.pauseReading() }
    }

    func responseBegan(_ response: borrowing ResponseHead, in bytes: RawSpan) {
        exchangeState.responseBegan()
        noteResponse(response.status)
        if let backend { proxy.answered(backend) }
        forgetHead()
        connection.handlerDeadline = nil
        let plan = connection.planResponse(response.status, body: response.framing)
        let date = connection.server.date()
        connection.sendHead(plan) { output in
            HeadRewriter.write(response: response, in: bytes, plan: plan, date: date, requestID: requestID, to: &output)
        }
    }

    func responseReceived(_ body: RawSpan) {
        record?.entry.bodyBytes += UInt64(body.byteCount)
        connection.sendBody(body)
        if !connection.isWritable { backend?.pauseReading() }
    }

    /// Where the rest of the response's body may go past this process, and through what; nil when it may not.
    func spliceDestination(_ count: UInt64) -> (stream: ByteStream, pipes: SplicePipes)? {
        connection.bodyDestination(count).map { ($0, proxy.splicePipes) }
    }

    func responsePassed(_ count: Int) {
        proxy.counters.splicedBytes += UInt64(count)
        connection.bodyPassed(count)
    }

    func responseEnded(trailers: TrailerSection?, reusable: Bool) {
        responseTrailers = trailers
        // The backend's connection is given back first: the client's next request may be waiting already.
        backend?.resumeReading()
        perform(exchangeState.responseEnded(reusable: reusable))
    }
}

extension ProxiedClient: HTTPConnectionHandler {
    func requestDidBegin(_ request: borrowing RequestHead, in bytes: RawSpan) {
        head.truncate(to: 0)
        excluded.removeAll(keepingCapacity: true)
        waitDeadline = nil
        isNewRequest = true
        if request.authority == nil { peer.fallbackHost = connection.stream.localAddress?.description ?? "" }
        upgrade = UpgradeOffer(request, in: bytes)
        let id = RequestID.received(with: request, in: bytes) ?? proxy.makeRequestID()
        requestID = id
        noteRequest(request, id: id, in: bytes)
        HeadRewriter.write(request: request, in: bytes, from: peer, requestID: id, upgrade: upgrade, to: &head)
        perform(
            exchangeState.begin(isIdempotent: request.method.isIdempotent, offersUpgrade: upgrade != nil))
    }

    func requestDidReceive(_ body: RawSpan) {
        guard let backend, let traits = connection.traits else { return }
        exchangeState.requestBodyPassed()
        traits.framing == .chunked ? backend.writeChunk(body) : backend.write(body)
        connection.handlerDeadline = nil
        guard !backend.isWritable else { return }
        connection.pauseBody()
        awaitResponse()
    }

    func requestDidEnd(trailers: TrailerSection) {
        exchangeState.requestDidEnd()
        awaitResponse()
        guard connection.traits?.framing == .chunked else { return }
        exchangeState.requestBodyPassed()
        backend?.writeLastChunk(trailers)
    }

    func tunnelDidReceive(_ bytes: RawSpan) {
        guard let backend, exchangeState.isTunnel else { return }
        backend.write(bytes)
        if !backend.isWritable { connection.pauseBody() }
    }

    func tunnelDidEnd() {
        perform(exchangeState.tunnelClientEnded())
    }

    func clientDidDrain() {
        backend?.resumeReading()
    }

    func clientDidClose() {
        proxy.stopWaiting(self)
        noteEnd(isComplete: false)
        perform(exchangeState.clientGone())
    }

    func deadlineDidPass() {
        if exchangeState.isAwaiting || exchangeState.isConnecting { backend?.backend.traffic.failed() }
        perform(exchangeState.timedOut())
    }

    var bufferedBytes: Int { backend?.bufferedBytes ?? 0 }
}
