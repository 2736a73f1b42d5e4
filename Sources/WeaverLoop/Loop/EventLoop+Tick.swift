internal import CUV
internal import Synchronization

/// One round of the loop.
///
/// libuv calls `tick` twice a round: before it waits for input (after timers and completed writes) and after input was
/// handled. So what either of them made ready runs at once, and its output leaves before the loop waits.
extension EventLoop {
    /// Another thread has handed something in, or wants the loop to end.
    func wokenUp() {
        if takeInbox() { unsafe uv_stop(raw) }
    }

    /// Takes over what other threads have handed in; gives whether the loop is to end.
    func takeInbox() -> Bool {
        stall.workBegan()
        let stopping = inbox.withLock { inbox in
            inbox.wakePending = false
            swap(&inbox.work, &spareInbox)
            return inbox.phase == .stopping
        }
        for piece in spareInbox { ready.value.push(piece) }
        spareInbox.removeAll(keepingCapacity: true)
        return stopping
    }

    func tick(beforeInput: Bool) {
        if !beforeInput, !afterInput.isEmpty {
            for body in exchange(&afterInput, with: []) { ready.value.push(.local(body)) }
        }
        if !ready.value.isEmpty { runReady() }
        if !unflushed.value.isEmpty { flush() }
        guard beforeInput else { return }
        // Work that is left, or that flushing has made, must not wait for input.
        armIdle(!ready.value.isEmpty || !unflushed.value.isEmpty || !afterInput.isEmpty)
        stall.tickEnded()
    }

    private func runReady() {
        stall.workBegan()
        var budget = EventLoop.jobsPerTick
        while budget > 0, let work = ready.value.pop() {
            budget -= 1
            stall.enter(nil)
            switch work {
            case .job(let job):
                unsafe job.runSynchronously(on: asUnownedTaskExecutor())
            case .closure(let body): body()
            case .told(let body): body(true)
            case .local(let body): body()
            }
        }
    }

    /// An idle handle that is armed makes libuv look at its input without waiting for it.
    private func armIdle(_ on: Bool) {
        guard on != isIdleArmed else { return }
        isIdleArmed = on
        if on {
            unsafe uv_idle_start(idle) { _ in }
        } else {
            unsafe uv_idle_stop(idle)
        }
    }

    /// Remembers that `stream` has bytes to send at the end of the tick.
    func needsFlush(_ stream: ByteStream) {
        unflushed.value.append(stream)
    }

    /// Flushes the streams that wait now. Those that a drained delegate writes to wait for the next time.
    private func flush() {
        stall.workBegan()
        swap(&unflushed.value, &flushing.value)
        for stream in flushing.value { stream.flush() }
        flushing.value.removeAll(keepingCapacity: true)
    }
}
