internal import WeaverCore

/// The hand of a tunnel: see `ProxyExchange+Tunnel`.
extension ProxiedClient {
    func performTunnel(_ action: ProxyExchange.Action) {
        if action.contains(.endBackend) { backend?.endWriting() }
        if action.contains(.endClient) { connection.endTunnel() }
        if action.contains(.finishBackend) { backend?.finish() }
        if action.contains(.finishClient) {
            noteEnd(isComplete: true)
            connection.finishTunnel()
        }
    }

    /// The backend answered with 101.
    func switched(_ response: ResponseHead, in bytes: RawSpan) {
        guard let backend, let traits = connection.traits else { return }
        let action = exchangeState.value.switched(isAsOffered: upgrade?.isAccepted(by: response, in: bytes) ?? false)
        guard action.contains(.openTunnel) else { return perform(action) }
        noteResponse(response.status)
        proxy.becameTunnel(backend)
        backend.becomeTunnel()
        forgetHead()
        let plan = ResponsePlan(to: traits, status: response.status, body: .none, mustClose: false)
        connection.beginTunnel { output in
            HeadRewriter.write(response: response, in: bytes, plan: plan, date: [], requestID: requestID, to: &output)
        }
    }

    func tunnelReceived(_ bytes: RawSpan) {
        record.value?.entry.bodyBytes += UInt64(bytes.byteCount)
        connection.sendThroughTunnel(bytes)
        if !connection.isWritable { backend?.pauseReading() }
    }

    func tunnelBackendEnded() {
        perform(exchangeState.value.tunnelBackendEnded())
    }

    func tunnelBackendClosed(isComplete: Bool) {
        perform(exchangeState.value.tunnelBackendClosed(isComplete: isComplete))
    }
}
