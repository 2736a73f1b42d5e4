internal import WeaverCore

/// Runs the methods of incoming calls on the loop, in tasks that are used again. On the loop's thread.
///
/// A new task for each call would cost more than all the rest of a small call. So calls are queued as they are read, and
/// one worker, a task that was parked, is resumed for all of them. When a method suspends, the worker is that call's
/// until it ends; ``lead()``, which waits behind the worker in the tick's queue, resumes another one for the calls
/// that are left.
final class CallWorkers: @unchecked Sendable {
    // @unchecked: touched on the loop's thread only.

    /// How many parked workers are kept; each holds a task, a few hundred bytes. What is more ends with its call.
    static let maximumIdle = 256

    let loop: EventLoop
    private var waiting = Ring<ServerCall>()
    /// When the loop is to look at its input, and how long a call has to wait.
    private var pacing = CallPacing()
    private var idle: [CallWorker] = []
    /// ``lead()`` is in the loop's queue.
    private var isLeading = false
    private var isClosed = false

    init(loop: EventLoop) {
        self.loop = loop
    }

    /// Runs a call's work in this tick.
    func run(_ call: ServerCall) {
        waiting.push(call)
        guard !isLeading else { return }
        isLeading = true
        pacing.begin(now: loop.now)
        loop.executeLocally { [self] in lead() }
    }

    /// Whether a call that has `timeLeft` nanoseconds would wait too long for its turn.
    @inline(__always)
    func isTooLate(timeLeft: UInt64) -> Bool { pacing.isTooLate(timeLeft: timeLeft, behind: waiting.count) }

    /// Sees to it that somebody works while calls wait.
    private func lead() {
        guard !waiting.isEmpty else {
            isLeading = false
            pacing.ranOut()
            return
        }
        guard !pacing.isOver else {
            return loop.executeAfterInput { [self] in
                pacing.begin(now: loop.now)
                lead()
            }
        }
        if let worker = idle.popLast() { worker.wake() } else { CallWorker.start(for: self) }
        loop.executeLocally { [self] in lead() }
    }

    // MARK: For the workers

    /// The next call to run; nil when there is none, or when the loop is to look at its input.
    func next() -> ServerCall? {
        guard !waiting.isEmpty, pacing.mayRunNext() || pacing.look(now: loop.now) else { return nil }
        return waiting.pop()
    }

    /// A worker has nothing to do: whether it is to wait for more.
    func park(_ worker: CallWorker) -> Bool {
        guard !isClosed, idle.count < Self.maximumIdle else { return false }
        idle.append(worker)
        return true
    }

    /// Lets the parked workers end, and each of the others with its call.
    func close() {
        isClosed = true
        for worker in exchange(&idle, with: []) { worker.wake() }
    }
}

/// One task that runs call after call.
@safe
final class CallWorker: @unchecked Sendable {
    // @unchecked: touched on the loop's thread only.
    private let workers: CallWorkers
    var loop: EventLoop { workers.loop }
    private var parked: UnsafeContinuation<Void, Never>?
    private var task: Task<Void, Never>?
    /// A task that was cancelled stays so, and is of no use for another call.
    private var isCancelled = false

    private init(_ workers: CallWorkers) {
        self.workers = workers
        unsafe parked = nil
    }

    /// Makes a worker; its task begins in this tick.
    static func start(for workers: CallWorkers) {
        let worker = CallWorker(workers)
        worker.task = Task(executorPreference: workers.loop) { await worker.work() }
    }

    /// Goes on; only a parked worker.
    func wake() {
        unsafe exchange(&parked, with: nil)?.resume()
    }

    /// Cancels the call that the worker runs.
    func cancel() {
        isCancelled = true
        task?.cancel()
    }

    private func work() async {
        while true {
            while let call = workers.next() {
                await call.run(by: self)
                if isCancelled { return }
            }
            guard workers.park(self) else { return }
            unsafe await withUnsafeContinuation { continuation in unsafe parked = continuation }
        }
    }
}
