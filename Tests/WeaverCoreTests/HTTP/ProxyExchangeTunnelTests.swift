import Testing

@testable import WeaverCore

struct ProxyExchangeTunnelTests {
    private func offering(requestEnded: Bool = true) -> ProxyExchange {
        var exchange = ProxyExchange()
        _ = exchange.begin(isIdempotent: true, offersUpgrade: true)
        _ = exchange.picked(reused: false)
        _ = exchange.connected()
        if requestEnded { exchange.requestDidEnd() }
        return exchange
    }

    private func tunnel() -> ProxyExchange {
        var exchange = offering()
        #expect(exchange.switched(isAsOffered: true) == .openTunnel)
        #expect(exchange.isTunnel && !exchange.takesBody && !exchange.isIdle)
        return exchange
    }

    @Test func protocolThatNobodyAskedForIs502() {
        var ordinary = ProxyExchange()
        _ = ordinary.begin(isIdempotent: true)
        _ = ordinary.picked(reused: true)
        ordinary.requestDidEnd()
        #expect(ordinary.switched(isAsOffered: true) == [.closeBackend, .sendFailure])
        #expect(ordinary.failure?.status == .badGateway)
        var other = offering()
        #expect(other.switched(isAsOffered: false) == [.closeBackend, .sendFailure])
        #expect(other.failure?.status == .badGateway)
        // The rest of the request's body would be read in the new protocol.
        var early = offering(requestEnded: false)
        #expect(early.switched(isAsOffered: true) == [.closeBackend, .sendFailure])
        #expect(early.failure?.status == .badGateway)
    }

    @Test func offerThatIsNotTakenIsAnOrdinaryExchange() {
        var exchange = offering()
        exchange.responseBegan()
        #expect(exchange.switched(isAsOffered: true) == [])
        #expect(exchange.responseEnded(reusable: true) == [.releaseBackend, .finishResponse])
    }

    @Test func offerThatMayHaveBeenSeenIsNotSentAgain() {
        var seen = offering()
        #expect(
            seen.backendFailed(responseBytes: false, nothingSent: false, .connectionClosed) == [
                .closeBackend, .sendFailure,
            ])
        var unsent = offering()
        #expect(unsent.backendFailed(responseBytes: false, nothingSent: true, .connectionClosed).contains(.pickBackend))
    }

    @Test func eachSideEndsByItselfAndTheClientClosesLast() {
        var client = tunnel()
        #expect(client.tunnelClientEnded() == .endBackend)
        #expect(client.tunnelClientEnded() == [])
        #expect(client.tunnelBackendEnded() == [.endClient, .finishBackend])
        #expect(client.tunnelBackendClosed(isComplete: true) == [.closeBackend, .finishClient])
        #expect(client.isIdle)
        var backend = tunnel()
        #expect(backend.tunnelBackendEnded() == .endClient)
        #expect(backend.tunnelClientEnded() == .finishBackend)
        #expect(backend.tunnelBackendClosed(isComplete: true) == [.closeBackend, .finishClient])
    }

    @Test func whatIsMissingShows() {
        var early = tunnel()
        #expect(early.tunnelBackendClosed(isComplete: true) == [.closeBackend, .abortClient])
        var halfway = tunnel()
        _ = halfway.tunnelClientEnded()
        #expect(halfway.tunnelBackendClosed(isComplete: false) == [.closeBackend, .abortClient])
        var last = tunnel()
        _ = last.tunnelClientEnded()
        _ = last.tunnelBackendEnded()
        #expect(last.tunnelBackendClosed(isComplete: false) == [.closeBackend, .abortClient])
        var left = tunnel()
        #expect(left.clientGone() == .closeBackend)
        #expect(left.tunnelBackendClosed(isComplete: true) == [])
    }
}

struct BackendTableTunnelTests {
    @Test func tunnelsAreSpreadAndDoNotCountForRequests() {
        var table = BackendTable()
        let a = table.add()
        let b = table.add()
        table.began(a)
        table.becameTunnel(a)
        #expect(table.inFlight(a) == 0)
        #expect(table.tunnels(a) == 1)
        for _ in 0..<3 { #expect(table.pick(forTunnel: true, now: 0).id == b) }
        // Requests still take turns.
        #expect(Set((0..<2).map { _ in table.pick(now: 0).id }) == [a, b])
        table.failed(b, now: 0)
        #expect(table.pick(forTunnel: true, now: 1).id == a)
        table.tunnelEnded(a)
        #expect(table.tunnels(a) == 0)
        table.remove(a)
        table.tunnelEnded(a)
    }
}
