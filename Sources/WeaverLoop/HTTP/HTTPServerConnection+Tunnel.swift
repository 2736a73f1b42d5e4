package import WeaverCore

/// After 101 (Switching Protocols) the connection carries bytes of another protocol, which only the handler knows.
///
/// Each side ends by itself; the connection closes when the handler says so, when it breaks, or at a bound.
extension HTTPServerConnection {
    /// The request is complete, and no head was sent.
    package var mayBeginTunnel: Bool { phase == .answering && plan == nil }

    /// Answers the current request, which has to be complete, by 101, whose head `write` writes. From now on the
    /// handler gets what the client sends by `tunnelDidReceive`, beginning with what lies behind the request.
    package func beginTunnel(_ write: (inout OutputBuffer) -> Void) {
        guard phase == .answering else { return }
        precondition(plan == nil, "a tunnel behind a response")
        stream.write(write)
        endExchange()
        phase = .tunnel
        server.tally.value.tunnels += 1
        server.tally.value.openTunnels += 1
        if server.isDraining { drainTunnel() }
        restartDeadline()
        processPending()
    }

    /// Writes bytes of the tunnel to the client; `isWritable` and `clientDidDrain` tell when it has enough of them.
    package func sendThroughTunnel(_ bytes: RawSpan) {
        guard phase == .tunnel else { return }
        stream.write { $0.append(bytes) }
        restartDeadline()
    }

    /// Nothing more goes to the client: its side of the tunnel ends behind what is queued.
    package func endTunnel() {
        guard phase == .tunnel else { return }
        stream.shutdown()
    }

    /// Our side ends behind what is queued. The connection closes with it when the client's has ended; what still comes
    /// is taken for a while otherwise, so that no reset takes away what the client has not read.
    package func finishTunnel() {
        guard phase == .tunnel else { return }
        if isHalfClosed { return stream.closeAfterFlush() }
        server.tally.value.openTunnels -= 1
        linger()
    }

    /// The client's end is behind its last byte.
    func tellTunnelEnd() {
        guard isHalfClosed, pending.value.isEmpty, !isTunnelEndTold else { return }
        isTunnelEndTold = true
        handler?.tunnelDidEnd()
    }

    func drainTunnel() {
        boundTunnel(server.configuration.tunnelDrainTimeout)
        handler?.tunnelWillBeCut()
    }

    /// The tunnel is cut when it has not ended after `bound`.
    package func boundTunnel(_ bound: Duration) {
        let deadline = server.loop.now + bound
        tunnelDrainDeadline = min(tunnelDrainDeadline ?? deadline, deadline)
    }

    /// What the client has taken counts as well as what it has sent.
    func sweepTunnel(_ now: MonotonicTime, queued: Int) {
        if queued < queuedAtSweep { restartDeadline() }
        queuedAtSweep = queued
        let isIdle = server.configuration.tunnelIdleTimeout > .zero && deadline <= now
        if isIdle || tunnelDrainDeadline.map({ $0 <= now }) == true { abort() }
    }
}
