internal import CUV
internal import Synchronization
internal import WeaverCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A thread that watches a loop from outside: it reports a tick while it is stuck, and it ends the process when the
/// control pipe closes although the loop is blocked.
package final class Watchdog: Sendable {
    /// Bounds of the watchdog.
    package struct Limits: Sendable {
        /// A tick that takes longer is reported, once for each time that this has passed again. 1 s by default.
        package var stall = Duration.seconds(1)
        /// How long the loop may be stuck, once the control descriptor has closed, before the process is ended without it.
        /// 5 s by default.
        package var graceAfterControlClosed = Duration.seconds(5)
        /// How long a loop that comes round has to end the process in order: as long as its components may take. That of
        /// one component by default.
        package var orderlyEnd = EndBounds.shutdown(components: 1)

        package init() {}
    }

    /// A stuck tick, told of while it lasts.
    package struct Stall: Sendable {
        /// How long it has lasted so far.
        package let duration: Duration
        /// What ran last, if it was named.
        package let name: String?
    }

    private let loop: EventLoop
    private let limits: Limits
    private let onStall: @Sendable (Stall) -> Void
    private let onControlClosed: @Sendable () -> Void
    /// A copy of the control descriptor, -1 for none: the loop may close its own, and the number be used again.
    private let control: Int32
    /// The thread polls the reading end, whose hang-up tells it to end.
    private let stopRequest: Int32
    private let stopSwitch: Mutex<Int32?>
    private let thread = Mutex(pthread_t())

    /// Starts the thread, which lives until ``stop()`` or as long as the process.
    ///
    /// - Parameters:
    ///   - controlDescriptor: a pipe or socket whose peer's end means that this process shall end. It is only polled
    ///     for hang-up, never read, and stays the caller's.
    ///   - onStall: called on the watchdog's thread.
    ///   - onControlClosed: called on the watchdog's thread, once, when the grace has passed and the process still
    ///     lives; the place to end it.
    @discardableResult
    package static func start(
        loop: EventLoop, limits: Limits = Limits(), controlDescriptor: Int32? = nil,
        onStall: @escaping @Sendable (Stall) -> Void, onControlClosed: @escaping @Sendable () -> Void = {}
    ) throws(UVError) -> Watchdog {
        let watchdog = try Watchdog(
            loop: loop, limits: limits, controlDescriptor: controlDescriptor, onStall: onStall,
            onControlClosed: onControlClosed)
        watchdog.startThread()
        return watchdog
    }

    private init(
        loop: EventLoop, limits: Limits, controlDescriptor: Int32?,
        onStall: @escaping @Sendable (Stall) -> Void, onControlClosed: @escaping @Sendable () -> Void
    ) throws(UVError) {
        var pipe = try PipePair()
        control = controlDescriptor.map { weaver_duplicate($0) } ?? -1
        if controlDescriptor != nil, control < 0 { throw .system("watching the control descriptor") }
        stopRequest = pipe.takeReadEnd()
        stopSwitch = Mutex(pipe.takeWriteEnd())
        self.loop = loop
        self.limits = limits
        self.onStall = onStall
        self.onControlClosed = onControlClosed
    }

    deinit {
        if control >= 0 { _ = CUV.close(control) }
        _ = CUV.close(stopRequest)
        if let descriptor = stopSwitch.withLock({ $0 }) { _ = CUV.close(descriptor) }
    }

    /// Ends the thread and waits for it; a second call does nothing. Not from the watchdog's own callbacks.
    package func stop() {
        guard let descriptor = stopSwitch.withLock({ exchange(&$0, with: nil) }) else { return }
        _ = CUV.close(descriptor)
        pthread_join(thread.withLock { $0 }, nil)
    }

    private func startThread() {
        thread.withLock { $0 = SystemThread.start { self.watch() } }
    }

    // MARK: The thread

    private func watch() {
        var detector = StallDetector(limit: limits.stall)
        var controlClosedAt: MonotonicTime?
        // When the loop was last seen to come round, or to have nothing to do.
        var turnedAt = EventLoop.now
        var lastRound: UInt64 = 0
        let interval = max(1, limits.stall.ceilingMilliseconds / 4)
        while true {
            let rest = controlClosedAt.map { max($0, turnedAt) + limits.graceAfterControlClosed - EventLoop.now }
            let event = wait(
                milliseconds: min(interval, rest?.ceilingMilliseconds ?? interval),
                forControl: controlClosedAt == nil)
            let now = EventLoop.now
            switch event {
            case .stopRequested: return
            case .controlClosed: controlClosedAt = now
            case .none: break
            }
            let (round, isBusy) = loop.stall.sample()
            if !isBusy || round != lastRound { turnedAt = now }
            lastRound = round
            if let closed = controlClosedAt, isOver(closed, turnedAt, now) { return onControlClosed() }
            if let duration = detector.observe(round: round, isBusy: isBusy, now: now) {
                onStall(Stall(duration: duration, name: loop.stall.currentName))
            }
        }
    }

    private func isOver(_ closed: MonotonicTime, _ turned: MonotonicTime, _ now: MonotonicTime) -> Bool {
        now - closed >= limits.orderlyEnd || now - max(closed, turned) >= limits.graceAfterControlClosed
    }

    private enum Event { case none, controlClosed, stopRequested }

    private func wait(milliseconds: UInt64, forControl: Bool) -> Event {
        // No event is asked for: hang-up and error are always reported, and data would wake us for nothing. A negative
        // descriptor is left out.
        var entries = [
            pollfd(fd: stopRequest, events: 0, revents: 0),
            pollfd(fd: forControl ? control : -1, events: 0, revents: 0),
        ]
        guard unsafe poll(&entries, 2, Int32(clamping: milliseconds)) > 0 else { return .none }
        if entries[0].revents != 0 { return .stopRequested }
        return entries[1].revents != 0 ? .controlClosed : .none
    }
}
