internal import WeaverCore

/// What is seen of a request from outside: counters, latencies and the access log.
///
/// Without a log that is one reading of the clock and a few additions a request, and no allocation.
extension ProxiedClient {
    /// A request's head arrived.
    func noteRequest(_ request: borrowing RequestHead, id: RequestID, in bytes: RawSpan) {
        proxy.traffic.value.began()
        guard let log = proxy.log else { return }
        var entry = AccessLogEntry(client: clientAddress(of: request, in: bytes), time: log.wallClock())
        entry.method = bytes.copy(request.methodName.range)
        entry.target = bytes.copy(request.targetRange.range)
        entry.minorVersion = request.minorVersion
        var text = OutputBuffer()
        id.write(to: &text)
        entry.requestID = text.copyBytes()
        for field in request.section.fields where field.known == .other {
            let name = field.name.range
            if bytes.equalsToken("user-agent", in: name) { entry.userAgent = bytes.copy(field.value.range) }
            if bytes.equalsToken("referer", in: name) { entry.referer = bytes.copy(field.value.range) }
        }
        record.value = AccessRecord(entry)
    }

    /// The peer, or whom trusted proxies name as their client.
    private func clientAddress(of request: borrowing RequestHead, in bytes: RawSpan) -> String {
        guard peer.value.isTrusted else { return peer.value.address }
        var forwardedFor: [UInt8] = []
        for field in request.section.fields where field.known == .xForwardedFor {
            if !forwardedFor.isEmpty { forwardedFor.append(UInt8(ascii: ",")) }
            forwardedFor += bytes.copy(field.value.range)
        }
        return proxy.configuration.trustedProxies.client(of: peer.value.host, forwardedFor: forwardedFor)
            ?? peer.value.address
    }

    /// The request goes to a backend.
    func noteSending(to backend: Backend) {
        backend.traffic.value.began()
        record.value?.entry.backend = backend.address.description
    }

    /// A backend's response begins.
    func noteResponse(_ status: HTTPStatus) {
        let now = proxy.loop.now
        proxy.traffic.value.answered(since: requestBegan, now: now)
        if let backend { backend.backend.traffic.value.answered(since: attemptBegan, now: now) }
        record.value?.entry.status = status.rawValue
    }

    /// The proxy answers in the place of a backend.
    func noteFailure(_ failure: ProxyExchange.Failure) {
        proxy.traffic.value.failed()
        noteOwnAnswer(failure.status, failure.detail)
    }

    /// The proxy answers by itself.
    func noteOwnAnswer(_ status: HTTPStatus, _ detail: String) {
        proxy.traffic.value.answered(since: requestBegan, now: proxy.loop.now)
        record.value?.entry.status = status.rawValue
        record.value?.entry.bodyBytes = UInt64(connection.errorBodyLength(status, detail: detail))
    }

    /// The request is over.
    func noteEnd(isComplete: Bool) {
        guard let record = exchange(&record.value, with: nil) else { return }
        record.entry.isComplete = isComplete
        record.entry.duration = (proxy.loop.now - requestBegan).clampedNanoseconds
        proxy.log?.write(record.entry)
    }

    /// A request that goes to no backend.
    func requestIsTooLarge(_ request: borrowing RequestHead, in bytes: RawSpan) {
        requestBegan = proxy.loop.now
        noteRequest(request, id: RequestID.received(with: request, in: bytes) ?? proxy.makeRequestID(), in: bytes)
    }

    /// The connection answers what is no request, or will never be a whole one.
    func requestRefused(_ status: HTTPStatus, bodyBytes: Int) {
        if record.value == nil, let log = proxy.log {
            requestBegan = proxy.loop.now
            record.value = AccessRecord(AccessLogEntry(client: peer.value.address, time: log.wallClock()))
        }
        record.value?.entry.status = status.rawValue
        record.value?.entry.bodyBytes = UInt64(bodyBytes)
        noteEnd(isComplete: true)
    }
}

extension RawSpan {
    fileprivate func copy(_ range: Range<Int>) -> [UInt8] {
        unsafe extracting(range).withUnsafeBytes { unsafe [UInt8]($0) }
    }
}
