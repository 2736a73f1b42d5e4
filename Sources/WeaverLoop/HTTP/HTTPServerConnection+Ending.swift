internal import WeaverCore

extension HTTPServerConnection {
    /// Closes the writing side, takes what still comes for a while, then closes.
    func linger() {
        guard phase != .closed else { return }
        phase = .lingering
        restartDeadline()
        if isHalfClosed { return stream.closeAfterFlush() }
        stream.shutdown()
        stream.startReading()
    }

    /// The server drains: an idle connection closes, another one after its response, a tunnel after a while.
    func drain() {
        if phase == .preface { return close() }
        if phase == .tunnel { return drainTunnel() }
        guard phase == .head, pending.value.isEmpty else { return }
        phase = .lingering
        restartDeadline()
        stream.closeAfterFlush()
    }

    /// Cuts the connection, so that the client sees that the response is not complete. What was written before goes out
    /// as far as the socket takes it.
    package func abort() {
        stream.flushNow()
        close()
    }

    /// Closes at once, whatever is under way.
    ///
    /// An orderly end would pass for the end of a body that ends with the connection, so it is only for connections on
    /// which nothing is missing, or where what is missing shows.
    func close() {
        guard stream.isOpen else { return }
        isCut = stream.queuedBytes > 0
        isCut || phase == .tunnel || plan?.framing == .untilClose ? stream.reset() : stream.close()
    }

    // MARK: Time bounds

    /// The wait of the current phase begins now.
    func restartDeadline() {
        let bounds = server.bounds
        let bound =
            switch phase {
            case .head: pending.value.isEmpty ? bounds.idle : bounds.header
            case .preface: bounds.header
            case .body: bounds.idle
            case .answering, .closed: bounds.halfClosed
            case .tunnel: bounds.tunnelIdle
            case .lingering: bounds.linger
            }
        deadline = server.loop.roundTime.advanced(nanoseconds: bound)
    }

    func sweep(_ now: MonotonicTime) {
        let queued = stream.queuedBytes
        if queued == 0 {
            stream.releaseIdleMemory()
            handler?.releaseIdleMemory()
        }
        if phase == .tunnel { return sweepTunnel(now, queued: queued) }
        if isStalled(now, queued: queued) { return abort() }
        if let bound = handlerDeadline, bound <= now, phase == .body || phase == .answering {
            handlerDeadline = nil
            handler?.deadlineDidPass()
        }
        // A client that takes what it was sent is not idle, and what was finished is not cut: the wait begins behind it.
        if queued > 0 { return restartDeadline() }
        guard deadline <= now else { return }
        switch phase {
        case .head where pending.value.isEmpty: close()
        case .head: refuse(.requestTimeout, detail: "the request did not arrive in time")
        case .body where !isBodyPaused && !awaitsContinue:
            refuse(.requestTimeout, detail: "the request's body did not arrive in time")
        case .answering where isHalfClosed: abort()
        case .preface, .lingering: close()
        case .body, .answering, .tunnel, .closed: break
        }
    }

    /// Has the client taken nothing of what is queued for the idle time?
    ///
    /// The queue of a body that passes inside of the kernel is as long at each sweep, while less is left of the body.
    private func isStalled(_ now: MonotonicTime, queued: Int) -> Bool {
        defer { (queuedAtSweep, leftAtSweep) = (queued, responseLeft) }
        guard queued > 0, queued == queuedAtSweep, responseLeft == leftAtSweep else {
            stalledSince = nil
            return false
        }
        let since = stalledSince ?? now
        stalledSince = since
        return since + server.configuration.idleTimeout <= now
    }
}
