internal import WeaverCore

/// One client of the proxy: the hand of ``ProxyExchange``. Events of both connections go into the machine, the actions
/// that come out are performed here.
final class ProxiedClient {
    /// Retained: the last connections end after their proxy has been closed, and perhaps dropped.
    private let proxy: ReverseProxy
    private unowned let connection: HTTPServerConnection
    private var exchangeState = ProxyExchange()
    private var backend: BackendConnection?
    private var excluded: [BackendTable.ID] = []
    /// The request's head as the backends get it, kept until a response begins.
    private var head = OutputBuffer()
    private let peer: ForwardedPeer
    private var responseTrailers: TrailerSection?

    init(proxy: ReverseProxy, connection: HTTPServerConnection) {
        self.proxy = proxy
        self.connection = connection
        let address = connection.stream.peerAddress
        peer = ForwardedPeer(
            address: address?.host ?? "unknown",
            isTrusted: address?.host.map { proxy.configuration.trustedProxies.contains($0) } ?? false,
            fallbackHost: proxy.localAddress?.description ?? "")
    }

    private var loop: EventLoop { proxy.loop }

    // MARK: Actions

    private func perform(_ action: ProxyExchange.Action) {
        if action.contains(.closeBackend) { giveBack(keep: false) }
        if action.contains(.releaseBackend) { giveBack(keep: true) }
        if action.contains(.pickBackend) { pick() }
        if action.contains(.waitForBackend) {
            proxy.wait(self)
            connection.handlerDeadline = loop.now + proxy.configuration.waitTimeout
        }
        if action.contains(.sendHead) { sendHead() }
        if action.contains(.readRequestBody) { connection.resumeBody() }
        if action.contains(.sendFailure), let failure = exchangeState.failure {
            proxy.counters.failures += 1
            proxy.stopWaiting(self)
            connection.respondError(
                failure.status, detail: failure.detail, retryAfterSeconds: failure.retryAfterSeconds)
        }
        if action.contains(.finishResponse) {
            connection.finishResponse(trailers: exchange(&responseTrailers, with: nil))
        }
        if action.contains(.abortClient) { connection.abort() }
    }

    private func giveBack(keep: Bool) {
        guard let backend = exchange(&backend, with: nil) else { return }
        proxy.release(backend, keep: keep)
    }

    private func pick() {
        proxy.stopWaiting(self)
        connection.handlerDeadline = nil
        switch proxy.pick(for: self, excluding: excluded) {
        case .kept(let kept):
            backend = kept
            perform(exchangeState.picked(reused: true))
        case .connecting(let made):
            backend = made
            perform(exchangeState.picked(reused: false))
        case .failed(let backend, let error):
            excluded.append(backend.id)
            perform(exchangeState.picked(reused: false))
            perform(
                exchangeState.backendFailed(responseBytes: false, nothingSent: true, detail: "\(error)"))
        case .none:
            perform(exchangeState.nonePicked())
        }
    }

    private func sendHead() {
        guard let backend, let traits = connection.traits else { return }
        connection.handlerDeadline = loop.now + proxy.configuration.responseTimeout
        backend.begin(traits.method, head: head)
    }

    // MARK: The backend's side

    func backendsChanged() {
        perform(exchangeState.backendsChanged())
    }

    func backendConnected(_ connection: BackendConnection) {
        guard connection === backend else { return }
        proxy.connected(connection)
        perform(exchangeState.connected())
    }

    func backendFailed(_ failed: BackendConnection, _ detail: String, isTimeout: Bool = false) {
        guard failed === backend else { return }
        if exchangeState.isConnecting {
            proxy.connectFailed(failed)
            excluded.append(failed.backend.id)
            if isTimeout { return perform(exchangeState.timedOut()) }
        } else {
            // Where one kept connection is broken the others are likely to be: the next attempt makes a new one.
            failed.backend.closeAllKept()
        }
        let action = exchangeState.backendFailed(
            responseBytes: failed.hasResponseBytes, nothingSent: failed.nothingSent, detail: detail)
        if action.contains(.pickBackend) { proxy.counters.retries += 1 }
        perform(action)
    }

    func backendDidDrain() {
        connection.resumeBody()
    }

    func interimResponse(_ response: borrowing ResponseHead, in bytes: RawSpan) {
        // RFC 9110 section 15.2: not to a client of HTTP/1.0.
        guard let traits = connection.traits, !traits.isOldClient else { return }
        let plan = ResponsePlan(to: traits, status: response.status, body: .none, mustClose: false)
        connection.sendInterim { output in
            HeadRewriter.write(response: response, in: bytes, plan: plan, date: [], to: &output)
        }
    }

    func responseBegan(_ response: borrowing ResponseHead, in bytes: RawSpan) {
        exchangeState.responseBegan()
        connection.handlerDeadline = nil
        let plan = connection.planResponse(response.status, body: response.framing)
        let date = connection.server.date()
        connection.sendHead(plan) { output in
            HeadRewriter.write(response: response, in: bytes, plan: plan, date: date, to: &output)
        }
    }

    func responseReceived(_ body: RawSpan) {
        connection.sendBody(body)
        if !connection.isWritable { backend?.pauseReading() }
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
        HeadRewriter.write(request: request, in: bytes, from: peer, to: &head)
        perform(exchangeState.begin(isIdempotent: request.method.isIdempotent))
        if exchangeState.isBodyHeld, request.framing != .none { connection.pauseBody() }
    }

    func requestDidReceive(_ body: RawSpan) {
        guard let backend, let traits = connection.traits else { return }
        exchangeState.requestBodyPassed()
        traits.framing == .chunked ? backend.writeChunk(body) : backend.write(body)
        if connection.handlerDeadline != nil {
            connection.handlerDeadline = loop.now + proxy.configuration.responseTimeout
        }
        if !backend.isWritable { connection.pauseBody() }
    }

    func requestDidEnd(trailers: TrailerSection) {
        exchangeState.requestDidEnd()
        guard connection.traits?.framing == .chunked else { return }
        exchangeState.requestBodyPassed()
        backend?.writeLastChunk(trailers)
    }

    func clientDidDrain() {
        backend?.resumeReading()
    }

    /// It may have closed altogether, or only said that it has no further request: the response is passed on, and the
    /// first write tells.
    func clientDidHalfClose() {}

    func clientDidClose() {
        proxy.stopWaiting(self)
        perform(exchangeState.clientGone())
    }

    func deadlineDidPass() {
        perform(exchangeState.timedOut())
    }
}
