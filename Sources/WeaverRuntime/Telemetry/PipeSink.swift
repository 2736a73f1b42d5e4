internal import Synchronization
package import WeaverCore
package import WeaverLoop

/// The log of a weavelet: entries go to the deployer over the pipe, in batches. Never waits; while the deployer does
/// not read, entries wait in a bounded buffer, and what finds no room is counted.
package final class PipeSink: LogSink {
    /// While more bytes than this wait in the pipe's queue, entries stay in the buffer.
    static let congestedBytes = 1 << 20
    /// How long a congested pipe is left alone.
    static let pause = Duration.milliseconds(20)

    private let loop: EventLoop
    private let client: EnvelopeClient
    private let buffer: Mutex<LogBuffer>
    // Touched on the loop's thread only.
    private nonisolated(unsafe) var timer: LoopTimer?

    /// A sink to the deployer behind `client`.
    package init(loop: EventLoop, client: EnvelopeClient, limits: LogBuffer.Limits = LogBuffer.Limits()) {
        self.loop = loop
        self.client = client
        buffer = Mutex(LogBuffer(limits: limits))
    }

    package func write(_ entry: LogEntry) {
        if buffer.withLock({ $0.append(entry) }) { loop.execute { self.send() } }
    }

    package func flush(within bound: Duration) async {
        await withCheckedContinuation { continuation in
            loop.execute { [self] in
                sendEverything()
                waitForPipe(until: loop.now + bound) { continuation.resume() }
            }
        }
    }

    /// Calls `done` when the pipe has taken everything, or the time has come.
    private func waitForPipe(until deadline: MonotonicTime, _ done: @escaping () -> Void) {
        guard client.queuedBytes > 0, loop.now < deadline else { return done() }
        var waiting: LoopTimer?
        waiting = try? LoopTimer(loop: loop) { [self] in
            guard client.queuedBytes == 0 || loop.now >= deadline else { return }
            waiting?.close()
            waiting = nil
            done()
        }
        guard let waiting else { return done() }
        waiting.arm(after: Self.pause, every: Self.pause)
    }

    private func send() {
        guard client.queuedBytes < Self.congestedBytes else { return sendLater() }
        if sendBatch() { loop.execute { self.send() } }
    }

    /// Sends what waits at the end of the process, congested or not: it is bounded.
    private func sendEverything() {
        unsafe timer?.close()
        while sendBatch() {}
    }

    /// Sends a batch; true when there may be more.
    private func sendBatch() -> Bool {
        let (entries, dropped) = buffer.withLock { $0.take() }
        if entries.isEmpty, dropped == 0 { return false }
        client.log(entries, dropped: dropped)
        return true
    }

    private func sendLater() {
        if unsafe timer == nil {
            unsafe timer = try? LoopTimer(loop: loop) { [weak self] in self?.send() }
        }
        unsafe timer?.arm(after: Self.pause)
    }
}
