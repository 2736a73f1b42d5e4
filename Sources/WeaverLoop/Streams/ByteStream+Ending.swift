internal import CUV

extension ByteStream {
    /// Closes the writing side once everything queued has gone out; reading goes on. Nothing may be written after it.
    package func shutdown() {
        checkThread("shutdown")
        guard isOpen, shutdownState == .none else { return }
        shutdownState = .wanted
        endIfFlushed()
    }

    /// Closes once everything queued has gone out.
    package func closeAfterFlush() {
        checkThread("closeAfterFlush")
        guard isOpen else { return }
        closesWhenFlushed = true
        endIfFlushed()
    }

    /// Closes at once and, over TCP, tells the peer by a reset instead of an orderly end. What is queued is dropped.
    package func reset() {
        checkThread("reset")
        guard isOpen else { return }
        resetsOnClose = shutdownState != .sent
        close()
    }

    /// Does what was asked for as soon as the queue has gone out.
    func endIfFlushed() {
        guard isOpen, isConnected, queue.value.isEmpty, inFlight == nil else { return }
        if closesWhenFlushed { return close() }
        if shutdownState == .wanted { sendShutdown() }
    }

    private func sendShutdown() {
        shutdownState = .sent
        let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
        let code = unsafe uv_shutdown(request, stream) { request, _ in unsafe request?.deallocate() }
        // Not connected any more: the reading side will tell why.
        if code < 0 { unsafe request.deallocate() }
    }

    /// Closes because of `error`, which the delegate hears.
    func fail(_ error: UVError) {
        guard isOpen else { return }
        failure = error
        close()
    }
}
