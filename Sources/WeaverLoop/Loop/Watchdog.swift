internal import CUV
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
        /// How long the loop has, once the control descriptor has closed, to end the process in order. 5 s by default.
        package var graceAfterControlClosed = Duration.seconds(5)

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
    private let controlDescriptor: Int32?
    private let onStall: @Sendable (Stall) -> Void
    private let onControlClosed: @Sendable () -> Void

    /// Starts the thread, which lives as long as the process.
    ///
    /// - Parameters:
    ///   - controlDescriptor: a pipe or socket whose peer's end means that this process shall end. It is only polled
    ///     for hang-up, never read.
    ///   - onStall: called on the watchdog's thread.
    ///   - onControlClosed: called on the watchdog's thread when the grace has passed and the process still lives.
    package static func start(
        loop: EventLoop, limits: Limits = Limits(), controlDescriptor: Int32? = nil,
        onStall: @escaping @Sendable (Stall) -> Void, onControlClosed: @escaping @Sendable () -> Void = {}
    ) {
        let watchdog = Watchdog(
            loop: loop, limits: limits, controlDescriptor: controlDescriptor, onStall: onStall,
            onControlClosed: onControlClosed)
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, nil,
            { argument in
                #if canImport(Glibc)
                    let raw = unsafe argument.unsafelyUnwrapped
                #else
                    let raw = unsafe argument
                #endif
                unsafe Unmanaged<Watchdog>.fromOpaque(raw).takeRetainedValue().watch()
                return nil
            }, Unmanaged.passRetained(watchdog).toOpaque())
        precondition(code == 0, "no thread for the watchdog: errno \(code)")
        pthread_detach(thread)
    }

    private init(
        loop: EventLoop, limits: Limits, controlDescriptor: Int32?,
        onStall: @escaping @Sendable (Stall) -> Void, onControlClosed: @escaping @Sendable () -> Void
    ) {
        self.loop = loop
        self.limits = limits
        self.controlDescriptor = controlDescriptor
        self.onStall = onStall
        self.onControlClosed = onControlClosed
    }

    private func watch() {
        var detector = StallDetector(limit: limits.stall)
        var controlClosedAt: MonotonicTime?
        let interval = Int32(clamping: max(1, limits.stall.ceilingMilliseconds / 4))
        while true {
            if controlClosedAt == nil, waitForControl(milliseconds: interval) {
                controlClosedAt = EventLoop.now
            } else if controlClosedAt != nil {
                _ = poll(nil, 0, min(interval, 50))
            }
            let now = EventLoop.now
            if let closed = controlClosedAt, now - closed >= limits.graceAfterControlClosed { return onControlClosed() }
            let (round, isBusy) = loop.stall.sample()
            if let duration = detector.observe(round: round, isBusy: isBusy, now: now) {
                onStall(Stall(duration: duration, name: loop.stall.currentName))
            }
        }
    }

    /// Waits for the interval, or less when the control descriptor's peer has closed its end.
    private func waitForControl(milliseconds: Int32) -> Bool {
        guard let controlDescriptor else {
            _ = poll(nil, 0, milliseconds)
            return false
        }
        // No event is asked for: hang-up and error are always reported, and data would wake us for nothing.
        var entry = pollfd(fd: controlDescriptor, events: 0, revents: 0)
        return unsafe poll(&entry, 1, milliseconds) > 0
    }
}
