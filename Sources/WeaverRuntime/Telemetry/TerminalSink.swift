internal import Synchronization
package import WeaverCore
internal import WeaverLoop

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Log entries for people, written to a descriptor by a thread of its own: a reader that does not read (a pager, a
/// terminal that was stopped) holds up that thread, and nothing else. What it misses is bounded, counted and told; see
/// ``LineQueue``.
package final class TerminalSink: LogSink {
    private let printer: LogPrinter
    private let shared: Shared
    /// A byte in it tells the thread that there is something to write; its end, that there will be nothing more.
    private let wakeup: Int32

    /// What the writing thread shares with the others.
    private final class Shared: Sendable {
        let state: Mutex<State>

        init(_ queue: LineQueue) { state = Mutex(State(queue: queue)) }
    }

    private struct State {
        var queue: LineQueue
        var isWriting = false
        var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter: UInt64 = 0
    }

    /// A sink that writes to `descriptor`, which stays the caller's and is never closed before this object.
    package convenience init(
        descriptor: Int32, printer: LogPrinter? = nil, queue: LineQueue = LineQueue()
    ) throws {
        let printer = printer ?? Terminal.logPrinter(for: descriptor)
        try self.init(printer, queue) { Terminal.put($0, to: descriptor) }
    }

    private init(_ printer: LogPrinter, _ queue: LineQueue, write: @escaping @Sendable (String) -> Void) throws {
        self.printer = printer
        shared = Shared(queue)
        var pipe = try PipePair()
        let requests = pipe.takeReadEnd()
        wakeup = pipe.takeWriteEnd()
        SystemThread.startDetached { [shared] in Self.write(shared, requests: requests, write) }
    }

    /// A sink that writes to the end of the file at `path`, which may be truncated, renamed or removed meanwhile; see
    /// ``AppendedFile``. `notice` is the line that tells how many are lost. Throws ``CannotOpen``, which calls the file `what`.
    package convenience init(
        appendingTo path: String, _ what: String, notice: @escaping @Sendable (Int) -> String = LineQueue.notice
    ) throws {
        let file = try AppendedFile(path, what, notice: notice)
        try self.init(LogPrinter(style: .plain, utcOffset: { _ in 0 }), LineQueue(notice: notice)) { file.append($0) }
    }

    deinit { close(wakeup) }

    package func write(_ entry: LogEntry) {
        put { self.printer.text(entry) }
    }

    /// Writes text that is no log entry, in its turn.
    package func put(_ text: () -> String) {
        // While the thread writes it looks by itself for what came meanwhile. So a byte is put only when it waits or is
        // about to, and there is never more than one: this cannot block.
        let isWaiting = shared.state.withLock { state in state.queue.append(text) && !state.isWriting }
        if isWaiting { Terminal.put("\n", to: wakeup) }
    }

    package func flush(within bound: Duration) async {
        let id = shared.state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withCheckedContinuation { continuation in
            let isDone = shared.state.withLock { state in
                if state.queue.isEmpty, !state.isWriting { return true }
                state.waiting[id] = continuation
                return false
            }
            if isDone { return continuation.resume() }
            Task { [shared] in
                try? await Task.sleep(for: bound)
                shared.state.withLock { $0.waiting.removeValue(forKey: id) }?.resume()
            }
        }
    }

    // MARK: The thread

    private static func write(_ shared: Shared, requests: Int32, _ put: (String) -> Void) {
        defer { close(requests) }
        var bytes = [UInt8](repeating: 0, count: 64)
        while true {
            let count = unsafe read(requests, &bytes, bytes.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            while let text = next(shared) { put(text) }
        }
    }

    /// What is to be written now; nil, when that is nothing, tells those who wait for it.
    private static func next(_ shared: Shared) -> String? {
        let (text, waiting) = shared.state.withLock { state -> (String?, [CheckedContinuation<Void, Never>]) in
            state.isWriting = !state.queue.isEmpty
            if state.isWriting { return (state.queue.take(), []) }
            defer { state.waiting = [:] }
            return (nil, Array(state.waiting.values))
        }
        for continuation in waiting { continuation.resume() }
        return text
    }
}
