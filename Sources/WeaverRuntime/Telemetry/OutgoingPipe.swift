internal import Synchronization
package import WeaverCore
package import WeaverLoop

/// The way of a weavelet's log entries, or spans, to its deployer: over the pipe, in batches. Never waits; while the deployer
/// does not read, entries wait in a bounded buffer, and what finds no room is counted.
package final class OutgoingPipe<Entry: OutgoingEntry>: Sendable {
    /// While more bytes than this wait in the pipe's queue, entries stay in the buffer.
    static var congestedBytes: Int { 1 << 20 }
    /// How long a congested pipe is left alone.
    static var pause: Duration { .milliseconds(20) }

    private let loop: EventLoop
    private let client: EnvelopeClient
    private let sendEntries: @Sendable ([Entry], _ dropped: UInt64) -> Void
    private let buffer: Mutex<OutgoingBuffer<Entry>>
    // Touched on the loop's thread only.
    private nonisolated(unsafe) var timer: LoopTimer?

    /// A way to the deployer behind `client`; `send` puts a batch into its pipe, on the loop's thread.
    package init(
        loop: EventLoop, client: EnvelopeClient, limits: OutgoingBuffer<Entry>.Limits = .init(),
        send: @escaping @Sendable ([Entry], _ dropped: UInt64) -> Void
    ) {
        self.loop = loop
        self.client = client
        sendEntries = send
        buffer = Mutex(OutgoingBuffer(limits: limits))
    }

    /// Takes an entry, from any thread.
    package func write(_ entry: Entry) {
        if buffer.withLock({ $0.append(entry) }) { loop.execute { self.send() } }
    }

    /// Returns when everything that was taken before has left the process, or `bound` has passed, or the loop has ended.
    package func flush(within bound: Duration) async {
        await withCheckedContinuation { continuation in
            loop.handOver { [self] isInLoop in
                guard isInLoop else { return continuation.resume() }
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
        sendEntries(entries, dropped)
        return true
    }

    private func sendLater() {
        if unsafe timer == nil {
            unsafe timer = try? LoopTimer(loop: loop) { [weak self] in self?.send() }
        }
        unsafe timer?.arm(after: Self.pause)
    }
}

extension OutgoingPipe: LogSink where Entry == LogEntry {}
