internal import CUV
internal import Synchronization
package import WeaverCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// One libuv loop on a thread of its own, and the executor of everything that runs there.
///
/// A tick is: timers, input, jobs and closures, then one flush of everything that was written. Work that arrives from
/// the loop's own thread is queued without waking anything; from other threads at most one wake-up is pending at a
/// time. A tick runs at most ``jobsPerTick`` pieces of work before it looks at the sockets again.
///
/// Handles (``UVHandle``) may be used on the loop's thread only; `execute` and the executor's `enqueue` from any.
/// The loop must outlive the tasks that prefer it: stop it when they have ended. Jobs that arrive later run on the
/// concurrent pool, where a handle's use traps.
@safe
package final class EventLoop: @unchecked Sendable {
    // @unchecked: everything without a lock is touched by the loop's thread only, which checkThread enforces.

    /// How many jobs and closures a tick runs before input is looked at again.
    package static let jobsPerTick = 4096

    /// The size of the buffer that all streams of the loop read into, in bytes.
    package static let readBufferSize = 256 * 1024

    let raw: UnsafeMutablePointer<uv_loop_t>
    package internal(set) var census = HandleCensus()
    /// Lent to streams for the time of one read callback.
    let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: EventLoop.readBufferSize, alignment: 64)
    /// The label of what runs now, for the watchdog; see ``StallMonitor``.
    package let stall = StallMonitor()

    private let wakeup: UnsafeMutablePointer<uv_async_t>
    private let prepare: UnsafeMutablePointer<uv_prepare_t>
    private let checker: UnsafeMutablePointer<uv_check_t>
    private let idle: UnsafeMutablePointer<uv_idle_t>
    private var thread = pthread_t()
    private var ready = WorkQueue()
    private var isIdleArmed = false
    private var unflushed: [ByteStream] = []
    private var flushing: [ByteStream] = []
    private let inbox = Mutex(Inbox())
    private let running = Mutex(false)

    /// What other threads hand over.
    private struct Inbox {
        var work: [Work] = []
        var wakePending = false
        var phase = Phase.running
    }

    private enum Phase { case running, stopping, ended }

    /// A loop with its thread, which runs from here on until ``stop()``.
    package init(name: String = "weaver-loop") throws(UVError) {
        unsafe raw = .allocate(capacity: 1)
        unsafe wakeup = .allocate(capacity: 1)
        unsafe prepare = .allocate(capacity: 1)
        unsafe checker = .allocate(capacity: 1)
        unsafe idle = .allocate(capacity: 1)
        weaver_ignore_sigpipe()
        unsafe try check(uv_loop_init(raw), "making an event loop")
        let me = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe raw.pointee.data = unsafe me
        unsafe try check(
            uv_async_init(raw, wakeup) { handle in unsafe EventLoop.of(handle?.pointee.loop).takeInbox() },
            "making an event loop's wake-up")
        unsafe uv_prepare_init(raw, prepare)
        unsafe uv_check_init(raw, checker)
        unsafe uv_idle_init(raw, idle)
        unsafe uv_prepare_start(prepare) { handle in unsafe EventLoop.of(handle?.pointee.loop).tick() }
        unsafe uv_check_start(checker) { handle in unsafe EventLoop.of(handle?.pointee.loop).tick() }
        startThread(name: name)
    }

    deinit {
        precondition(
            inbox.withLock { $0.phase == .ended }, "an event loop was dropped while it runs: call stop() first")
        unsafe raw.deallocate()
        unsafe wakeup.deallocate()
        unsafe prepare.deallocate()
        unsafe checker.deallocate()
        unsafe idle.deallocate()
        unsafe readBuffer.deallocate()
    }

    private static func of(_ loop: UnsafeMutablePointer<uv_loop_t>?) -> EventLoop {
        unsafe Unmanaged<EventLoop>.fromOpaque(loop.unsafelyUnwrapped.pointee.data).takeUnretainedValue()
    }

    // MARK: The thread

    private func startThread(name: String) {
        let started = unsafe Unmanaged.passRetained(self)
        var identifier = pthread_t()
        let code = unsafe pthread_create(
            &identifier, nil,
            { argument in
                #if canImport(Glibc)
                    let loop = unsafe Unmanaged<EventLoop>.fromOpaque(argument.unsafelyUnwrapped).takeRetainedValue()
                #else
                    let loop = unsafe Unmanaged<EventLoop>.fromOpaque(argument).takeRetainedValue()
                #endif
                loop.run()
                return nil
            }, started.toOpaque())
        precondition(code == 0, "no thread for an event loop: errno \(code)")
        thread = identifier
        // The thread reads `thread` only after it has been let through here.
        running.withLock { $0 = true }
        #if canImport(Glibc)
            unsafe weaver_set_thread_name(identifier, String(name.prefix(15)))
        #endif
    }

    private func run() {
        while !running.withLock({ $0 }) { sched_yield() }
        // The prepare and check handles keep the loop alive until endOfRun closes them.
        unsafe uv_run(raw, UV_RUN_DEFAULT)
        closeEverything()
        let late = inbox.withLock { inbox in
            inbox.phase = .ended
            return exchange(&inbox.work, with: [])
        }
        for work in late { runLate(work) }
        while let work = ready.pop() { runLate(work) }
        let code = unsafe uv_loop_close(raw)
        precondition(code == 0, "an event loop ended with open handles: \(census)")
    }

    /// Ends the loop's thread and waits for it. Handles that are still open are closed and counted as abandoned.
    /// Must not be called on the loop's own thread.
    package func stop() {
        precondition(!isInLoop, "an event loop cannot wait for its own end")
        let first = inbox.withLock { inbox in
            defer { if inbox.phase == .running { inbox.phase = .stopping } }
            return inbox.phase == .running
        }
        guard first else { return }
        unsafe uv_async_send(wakeup)
        pthread_join(thread, nil)
    }

    private func closeEverything() {
        unsafe uv_walk(
            raw,
            { handle, argument in
                guard let handle = unsafe handle, unsafe uv_is_closing(handle) == 0 else { return }
                let loop = unsafe Unmanaged<EventLoop>.fromOpaque(argument.unsafelyUnwrapped).takeUnretainedValue()
                switch unsafe handle.pointee.type {
                case UV_ASYNC, UV_PREPARE, UV_CHECK, UV_IDLE: unsafe uv_close(handle, nil)
                default:
                    loop.census.abandoned += 1
                    unsafe UVHandle.of(handle.pointee.data, as: UVHandle.self).close()
                }
            }, Unmanaged.passUnretained(self).toOpaque())
        unsafe uv_run(raw, UV_RUN_DEFAULT)
    }

    // MARK: Where and when

    /// Whether the caller runs on the loop's thread.
    @inline(__always)
    package var isInLoop: Bool { pthread_equal(pthread_self(), thread) != 0 }

    /// Traps when the caller does not run on the loop's thread.
    @inline(__always)
    package func preconditionInLoop(_ what: @autoclosure () -> String = "loop-only code") {
        if !isInLoop { trapWrongThread(what()) }
    }

    @inline(never)
    func trapWrongThread(_ what: String) -> Never {
        fatalError("\(what) was used from a thread that is not its event loop's; hand the work over with execute")
    }

    /// Now, on the monotonic clock. From any thread.
    package var now: MonotonicTime { EventLoop.now }

    /// Now, on the monotonic clock. From any thread.
    package static var now: MonotonicTime { MonotonicTime(nanoseconds: uv_hrtime()) }

    // MARK: Work

    /// Runs `body` on the loop's thread: within this tick when called there, and soon when called from elsewhere.
    /// Order is kept among the calls of one thread.
    package func execute(_ body: @escaping @Sendable () -> Void) {
        submit(.closure(body))
    }

    /// Runs `body` on the loop's thread at the end of this tick; only from that thread, so it may capture handles.
    package func executeLocally(_ body: @escaping () -> Void) {
        preconditionInLoop("executeLocally")
        ready.push(.local(body))
    }

    func submit(_ work: Work) {
        if isInLoop { return ready.push(work) }
        let (wake, late) = inbox.withLock { inbox -> (Bool, Bool) in
            if inbox.phase == .ended { return (false, true) }
            inbox.work.append(work)
            defer { inbox.wakePending = true }
            return (!inbox.wakePending, false)
        }
        if late { return runLate(work) }
        if wake { unsafe uv_async_send(wakeup) }
    }

    private func runLate(_ work: Work) {
        switch work {
        case .job(let job): globalConcurrentExecutor.enqueue(ExecutorJob(job))
        case .closure, .local: break  // It was promised a loop that is gone, and holds nothing but its captures.
        }
    }

    private func takeInbox() {
        stall.workBegan()
        let (work, stopping) = inbox.withLock { inbox in
            inbox.wakePending = false
            return (exchange(&inbox.work, with: []), inbox.phase == .stopping)
        }
        for piece in work { ready.push(piece) }
        if stopping { unsafe uv_stop(raw) }
    }

    /// The end of a tick's input: what became ready runs, then everything that was written goes out.
    private func tick() {
        var budget = EventLoop.jobsPerTick
        while budget > 0, let work = ready.pop() {
            budget -= 1
            switch work {
            case .job(let job):
                unsafe job.runSynchronously(
                    isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            case .closure(let body): body()
            case .local(let body): body()
            }
        }
        flush()
        // Work that is left, or that flushing has made, must not wait for input.
        if ready.isEmpty == isIdleArmed { armIdle(!isIdleArmed) }
        stall.tickEnded()
    }

    private func armIdle(_ on: Bool) {
        isIdleArmed = on
        if on {
            unsafe uv_idle_start(idle) { _ in }
        } else {
            unsafe uv_idle_stop(idle)
        }
    }

    // MARK: Flushing

    /// Remembers that `stream` has bytes to send at the end of the tick.
    func needsFlush(_ stream: ByteStream) {
        unflushed.append(stream)
    }

    private func flush() {
        guard !unflushed.isEmpty else { return }
        swap(&unflushed, &flushing)
        for stream in flushing { stream.flush() }
        flushing.removeAll(keepingCapacity: true)
    }
}

extension EventLoop: SerialExecutor, TaskExecutor {
    /// Takes a job of a task or an actor; from any thread.
    package func enqueue(_ job: consuming ExecutorJob) {
        submit(.job(UnownedJob(job)))
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    package func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        unsafe UnownedTaskExecutor(ordinary: self)
    }

    package func checkIsolated() {
        preconditionInLoop("code isolated to the event loop")
    }

    package func isIsolatingCurrentContext() -> Bool? { isInLoop }
}

func exchange<T>(_ place: inout T, with value: T) -> T {
    let old = place
    place = value
    return old
}
