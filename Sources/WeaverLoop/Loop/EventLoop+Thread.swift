internal import CUV
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The loop's thread, from its start to its end.
extension EventLoop {
    /// How many rounds the end of a loop takes at most until nothing is left to run. Each round closes what is open
    /// and runs what became ready; only work that makes new work for ever gets so far.
    private static let roundsToWindDown = 1000

    func startThread(name: String) {
        // The thread waits at this lock until `thread` is set, which its first isInLoop reads.
        threadMayStart.withLock { _ in
            thread = SystemThread.start { self.run() }
            threadNumber.store(Self.number(of: thread), ordering: .relaxed)
        }
        #if canImport(Glibc)
            unsafe weaver_set_thread_name(thread, String(name.prefix(15)))
        #endif
    }

    private func run() {
        threadMayStart.withLock { _ in }
        unsafe uv_run(raw, UV_RUN_DEFAULT)  // until stop: the prepare and check handles keep it alive
        windDown()
        let late = inbox.withLock { inbox in
            inbox.phase = .ended
            return exchange(&inbox.work, with: [])
        }
        while let work = ready.value.pop() { runLate(work) }
        for work in late { runLate(work) }
        closeOwnHandles()
        let code = unsafe uv_loop_close(raw)
        precondition(code == 0, "an event loop ended with open handles: \(census)")
    }

    /// Ends the loop's thread and waits for it. Work that was handed over before runs first; handles that are still
    /// open are closed and counted as abandoned. A second call does nothing. Traps on the loop's own thread.
    package func stop() {
        precondition(!isInLoop, "an event loop cannot wait for its own end")
        let first = inbox.withLock { inbox in
            guard inbox.phase == .running else { return false }
            inbox.phase = .stopping
            unsafe uv_async_send(wakeup)
            return true
        }
        guard first else { return }
        pthread_join(thread, nil)
        threadNumber.store(0, ordering: .relaxed)
    }

    /// ``stop()`` for tasks that may run on the loop itself, which could not wait for its own end.
    @concurrent package func end() async { stop() }

    /// Rounds in which handles that are being closed may close others: a connection's stream its timer.
    private static let roundsToSettle = 3

    /// Closes what is open and runs what that makes ready (callers that hear of a lost connection), until nothing is
    /// left.
    private func windDown() {
        for round in 0..<Self.roundsToWindDown {
            if round >= Self.roundsToSettle { abandonHandles() }
            // What was handed over is there, even when its sender has not come to wake the loop.
            _ = takeInbox()
            unsafe uv_run(raw, UV_RUN_NOWAIT)
            if census.live == 0, ready.value.isEmpty, afterInput.isEmpty, inbox.withLock({ $0.work.isEmpty }) { return }
        }
    }

    private func abandonHandles() {
        guard census.live > 0 else { return }
        unsafe uv_walk(
            raw,
            { handle, argument in
                guard let handle = unsafe handle, unsafe uv_is_closing(handle) == 0 else { return }
                switch unsafe handle.pointee.type {
                case UV_ASYNC, UV_PREPARE, UV_CHECK, UV_IDLE: break
                default:
                    let owner: UVHandle = unsafe UVHandle.of(handle.pointee.data)
                    owner.loop.census.abandoned += 1
                    owner.close()
                }
            }, nil)
    }

    private func closeOwnHandles() {
        unsafe Self.closeOwn(wakeup)
        unsafe Self.closeOwn(prepare)
        unsafe Self.closeOwn(checker)
        unsafe Self.closeOwn(idle)
        unsafe uv_run(raw, UV_RUN_DEFAULT)
    }

    private static func closeOwn<Handle>(_ handle: UnsafeMutablePointer<Handle>) {
        unsafe uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self), nil)
    }

    /// What arrives when the thread is gone. A job belongs to a task that somebody waits for, so it runs all the same;
    /// a closure was promised a loop that is gone, and holds nothing but its captures, unless somebody waits for it.
    func runLate(_ work: Work) {
        switch work {
        case .job(let job): globalConcurrentExecutor.enqueue(ExecutorJob(job))
        case .told(let body): body(false)
        case .closure, .local: break
        }
    }
}
