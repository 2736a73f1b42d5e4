internal import WeaverCore

/// What the backend's connection reports.
extension ProxiedClient {
    func backendsChanged() {
        perform(exchangeState.value.backendsChanged())
    }

    func backendConnected(_ connection: BackendConnection) {
        guard connection === backend else { return }
        perform(connection.backend.isRemoved ? exchangeState.value.backendRemoved() : exchangeState.value.connected())
    }

    func backendFailed(_ failed: BackendConnection, _ detail: String, isTimeout: Bool = false) {
        guard failed === backend else { return }
        if exchangeState.value.isConnecting {
            if failed.backend.isRemoved { return perform(exchangeState.value.backendRemoved()) }
            failed.backend.traffic.value.failed()
            proxy.failed(failed)
            excluded.value.append(failed.backend.id)
            if isTimeout { return perform(exchangeState.value.timedOut()) }
        } else {
            // Where one kept connection is broken the others are likely to be: the next attempt makes a new one.
            failed.backend.closeAllKept()
            failed.backend.traffic.value.failed()
            if !failed.hasAnswered, !failed.hasResponseBytes { proxy.failed(failed) }
        }
        let action = exchangeState.value.backendFailed(
            responseBytes: failed.hasResponseBytes, nothingSent: failed.nothingSent, detail: detail)
        if action.contains(.pickBackend) { proxy.tally.value.retries += 1 }
        perform(action)
    }

    func backendFellSilent(_ address: SocketAddress) {
        guard let backend, backend.backend.address == address else { return }
        let action = exchangeState.value.backendFellSilent(responseBytes: backend.hasResponseBytes)
        guard action.contains(.pickBackend) else { return }
        backend.backend.traffic.value.failed()
        proxy.tally.value.retries += 1
        perform(action)
    }

    func backendDidDrain() {
        guard exchangeState.value.takesBody || exchangeState.value.isTunnel else { return }
        if !connection.isRequestComplete { connection.handlerDeadline = nil }
        connection.resumeBody()
    }

    func interimResponse(_ response: ResponseHead, in bytes: RawSpan) {
        // RFC 9110 section 15.2: not to a client of HTTP/1.0.
        guard let traits = connection.traits, !traits.isOldClient else { return }
        let plan = ResponsePlan(to: traits, status: response.status, body: .none, mustClose: false)
        connection.sendInterim(response.status) { output in
            HeadRewriter.write(response: response, in: bytes, plan: plan, date: [], to: &output)
        }
        if response.status == .continue, !connection.isRequestComplete { connection.handlerDeadline = nil }
        if !connection.isWritable { backend?.pauseReading() }
    }

    func responseBegan(_ response: ResponseHead, in bytes: RawSpan) {
        exchangeState.value.responseBegan()
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
        proxy.tally.value.splicedBytes += UInt64(count)
        record?.entry.bodyBytes += UInt64(count)
        connection.bodyPassed(count)
    }

    func responseEnded(trailers: TrailerSection?, reusable: Bool) {
        responseTrailers = trailers
        // The backend's connection is given back first: the client's next request may be waiting already.
        backend?.resumeReading()
        perform(exchangeState.value.responseEnded(reusable: reusable))
    }
}
