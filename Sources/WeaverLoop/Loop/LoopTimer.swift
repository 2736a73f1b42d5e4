internal import CUV
package import WeaverCore

/// A timer on the loop, with libuv's resolution of a millisecond. It never fires early, and up to two milliseconds late
/// on an idle loop.
package final class LoopTimer: UVHandle {
    private var onFire: (() -> Void)?

    /// A timer that is not armed yet. `onFire` runs on the loop's thread each time it fires.
    package init(loop: EventLoop, onFire: @escaping () -> Void) throws(UVError) {
        self.onFire = onFire
        unsafe try super.init(loop: loop, kind: .timer, as: uv_timer_t.self, operation: "making a timer") {
            raw, timer in
            unsafe uv_timer_init(raw, timer)
        }
    }

    /// Fires once after `delay`, and every `interval` after that when one is given. Replaces what was armed before.
    package func arm(after delay: Duration, every interval: Duration = .zero) {
        checkThread("arm")
        guard isOpen else { return }
        // libuv counts from the time at which the tick began: without the update a long tick makes timers early.
        unsafe uv_update_time(loop.raw)
        // It compares whole milliseconds, cut off: the first that lies behind the time wanted is the one to wait for.
        let due = (loop.now + delay).nanoseconds.dividedRoundingUp(by: 1_000_000)
        unsafe uv_timer_start(
            pointer(),
            { timer in
                let owner: LoopTimer = unsafe UVHandle.of(timer?.pointee.data)
                owner.loop.stall.workBegan()
                owner.onFire?()
            }, due - min(due, uv_now(loop.raw)), interval.ceilingMilliseconds)
    }

    /// Fires at `time`, or at once when that has passed.
    package func arm(at time: MonotonicTime) {
        arm(after: time - loop.now)
    }

    /// Does not fire any more, until armed again.
    package func disarm() {
        checkThread("disarm")
        guard isOpen else { return }
        unsafe uv_timer_stop(pointer())
    }

    override func didClose() { onFire = nil }
}
