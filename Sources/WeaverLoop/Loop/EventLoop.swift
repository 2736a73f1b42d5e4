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
/// concurrent pool, where a handle's use traps; closures that arrive later are dropped, but for those that are handed over by
/// ``handOver(_:)`` or ``run(_:)``: whoever waits for them hears that the loop has ended.
///
/// The parts: `EventLoop+Thread` begins and ends the thread, `EventLoop+Tick` is one round, `EventLoop+Executor` is
/// what Swift's concurrency sees.
@safe
package final class EventLoop: @unchecked Sendable {
    // @unchecked: everything without a lock is touched by the loop's thread only, which checkThread enforces.

    /// How many jobs and closures a tick runs before input is looked at again.
    package static let jobsPerTick = 4096

    /// The size of the buffer that all streams of the loop read into, in bytes.
    package static let readBufferSize = 1024 * 1024

    let raw: UnsafeMutablePointer<uv_loop_t>
    /// Handles made and freed so far. On the loop's thread only, or after ``stop()``.
    package internal(set) var census = HandleCensus()
    /// Lent to streams for the time of one read callback.
    let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: EventLoop.readBufferSize, alignment: 64)
    /// Where a flush lays out what one gathered write sends; used within one call only.
    let writeVector = UnsafeMutablePointer<uv_buf_t>.allocate(capacity: WriteQueue.piecesPerWrite)
    /// The label of what runs now, for the watchdog; see ``StallMonitor``.
    package let stall = StallMonitor()

    /// libuv's handles of the loop itself, which are in no census: they live as long as the thread.
    let wakeup: UnsafeMutablePointer<uv_async_t>
    let prepare: UnsafeMutablePointer<uv_prepare_t>
    let checker: UnsafeMutablePointer<uv_check_t>
    let idle: UnsafeMutablePointer<uv_idle_t>
    var isIdleArmed = false
    var thread = pthread_t()
    /// The thread's number while it lives: afterwards another thread may get the same one.
    let threadNumber = Atomic<UInt>(0)
    let threadMayStart = Mutex(())
    let ready = LoopState(Ring<Work>())
    /// What waits for the next look at the input.
    var afterInput: [() -> Void] = []
    /// The streams to flush at the end of the tick, oldest first, and the array that takes its place meanwhile.
    let unflushed = LoopState<[ByteStream]>([])
    let flushing = LoopState<[ByteStream]>([])

    let inbox = Mutex(Inbox())
    /// The array that the inbox gets in exchange for its full one.
    var spareInbox: [Work] = []

    /// What other threads hand over.
    struct Inbox {
        var work: [Work] = []
        var wakePending = false
        var phase = Phase.running
    }

    enum Phase { case running, stopping, ended }

    /// A loop with its thread, which runs from here on until ``stop()``. Linux shows the first 15 bytes of `name`.
    package init(name: String = "weaver-loop") throws(UVError) {
        unsafe raw = .allocate(capacity: 1)
        unsafe wakeup = .allocate(capacity: 1)
        unsafe prepare = .allocate(capacity: 1)
        unsafe checker = .allocate(capacity: 1)
        unsafe idle = .allocate(capacity: 1)
        weaver_ignore_sigpipe()
        do throws(UVError) {
            unsafe try check(uv_loop_init(raw), "making an event loop")
            try startOwnHandles()
        } catch {
            inbox.withLock { $0.phase = .ended }
            throw error
        }
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
        unsafe writeVector.deallocate()
    }

    private func startOwnHandles() throws(UVError) {
        unsafe raw.pointee.data = unsafe Unmanaged.passUnretained(self).toOpaque()
        let code = unsafe uv_async_init(raw, wakeup) { handle in
            unsafe EventLoop.of(handle?.pointee.loop).wokenUp()
        }
        if code < 0 {
            unsafe uv_loop_close(raw)
            throw UVError(code: code, operation: "making an event loop's wake-up")
        }
        // These cannot fail: they only fill in their structures.
        unsafe uv_prepare_init(raw, prepare)
        unsafe uv_check_init(raw, checker)
        unsafe uv_idle_init(raw, idle)
        unsafe uv_prepare_start(prepare) { handle in unsafe EventLoop.of(handle?.pointee.loop).tick(beforeInput: true) }
        unsafe uv_check_start(checker) { handle in unsafe EventLoop.of(handle?.pointee.loop).tick(beforeInput: false) }
    }

    private static func of(_ loop: UnsafeMutablePointer<uv_loop_t>?) -> EventLoop {
        unsafe Unmanaged<EventLoop>.fromOpaque(loop.unsafelyUnwrapped.pointee.data).takeUnretainedValue()
    }

    // MARK: Where and when

    /// Whether the caller runs on the loop's thread.
    @inline(__always)
    package var isInLoop: Bool { Self.number(of: pthread_self()) == threadNumber.load(ordering: .relaxed) }

    #if canImport(Glibc)
        @inline(__always)
        static func number(of thread: pthread_t) -> UInt { thread }
    #else
        @inline(__always)
        static func number(of thread: pthread_t) -> UInt { UInt(bitPattern: thread) }
    #endif

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

    /// When the loop last looked for input, in whole milliseconds of the monotonic clock, for bounds that need not be
    /// exact: it costs no reading of the clock. On the loop's thread only.
    package var roundTime: MonotonicTime { MonotonicTime(nanoseconds: unsafe uv_now(raw) &* 1_000_000) }

    /// Now, on the monotonic clock. From any thread.
    package static var now: MonotonicTime { MonotonicTime(nanoseconds: uv_hrtime()) }

    // MARK: Work

    /// Runs `body` on the loop's thread: within this tick when called there, and soon when called from elsewhere.
    /// Order is kept among the calls of one thread.
    package func execute(_ body: @escaping @Sendable () -> Void) {
        submit(.closure(body))
    }

    /// As ``execute(_:)``, for a body that somebody waits for: it is called once in any case. Where the loop has ended before it
    /// could run there, it is called with false, on any thread.
    package func handOver(_ body: @escaping @Sendable (_ isInLoop: Bool) -> Void) {
        submit(.told(body))
    }

    /// Runs `body` on the loop's thread, from any, and gives its result.
    ///
    /// - Throws: what `body` throws; ``Ended`` where the loop has ended before it could run.
    package func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            handOver { isInLoop in
                continuation.resume(with: isInLoop ? Result { try body() } : .failure(Ended()))
            }
        }
    }

    /// The loop has ended, and runs nothing any more.
    package struct Ended: Error, CustomStringConvertible {
        /// `the event loop has ended`.
        package var description: String { "the event loop has ended" }

        /// For those who hand work over themselves.
        package init() {}
    }

    /// Runs `body` on the loop's thread at the end of this tick; only from that thread, so it may capture handles.
    package func executeLocally(_ body: @escaping () -> Void) {
        preconditionInLoop("executeLocally")
        ready.value.push(.local(body))
    }

    /// Runs `body` on the loop's thread after the next look at the input, which does not wait for any; only from that
    /// thread, so it may capture handles.
    package func executeAfterInput(_ body: @escaping () -> Void) {
        preconditionInLoop("executeAfterInput")
        afterInput.append(body)
    }

    func submit(_ work: Work) {
        if isInLoop { return ready.value.push(work) }
        let isLate = inbox.withLock { inbox in
            if inbox.phase == .ended { return true }
            inbox.work.append(work)
            // Within the lock: afterwards another thread's wake-up may have brought this work to its end, and the loop too.
            if !inbox.wakePending { unsafe uv_async_send(wakeup) }
            inbox.wakePending = true
            return false
        }
        if isLate { runLate(work) }
    }
}
