internal import CUV

/// Tells of a signal, on the loop's thread instead of in a signal handler. Several may watch the same signal; the
/// signal's default action is off while one does.
package final class SignalSource: UVHandle {
    private var onSignal: ((Int32) -> Void)?

    /// Watches `signal` until closed.
    package init(loop: EventLoop, signal: Int32, onSignal: @escaping (Int32) -> Void) throws(UVError) {
        self.onSignal = onSignal
        unsafe try super.init(loop: loop, kind: .signal, as: uv_signal_t.self, operation: "watching a signal") {
            raw, handle in
            unsafe uv_signal_init(raw, handle)
        }
        let code = unsafe uv_signal_start(
            pointer(),
            { handle, number in
                let source: SignalSource = unsafe UVHandle.of(handle?.pointee.data)
                source.loop.stall.workBegan()
                source.onSignal?(number)
            }, signal)
        if code < 0 {
            close()
            throw UVError(code: code, operation: "watching signal \(signal)")
        }
    }

    override func didClose() { onSignal = nil }
}
