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
    private let waiting = LoopState(Ring<ServerCall>())
    /// When the loop is to look at its input, and how long a call has to wait.
    private let pacing = LoopState(CallPacing())
    private var idle: [CallWorker] = []
    /// ``lead()`` is in the loop's queue.
    private var isLeading = false
    private var isClosed = false

    init(loop: EventLoop) {
        self.loop = loop
    }

    /// Runs a call's method in this tick.
    func run(_ call: ServerCall) {
        waiting.value.push(call)
        guard !isLeading else { return }
        isLeading = true
        pacing.value.begin(now: loop.now)
        loop.executeLocally { [self] in lead() }
    }

    /// Whether a call that has `timeLeft` nanoseconds would wait too long for its turn.
    @inline(__always)
    func isTooLate(timeLeft: UInt64) -> Bool {
        pacing.value.isTooLate(timeLeft: timeLeft, behind: waiting.value.count)
    }

    /// Sees to it that somebody works while calls wait.
    private func lead() {
        guard !waiting.value.isEmpty else {
            isLeading = false
            pacing.value.ranOut()
            return
        }
        guard !pacing.value.isOver else {
            return loop.executeAfterInput { [self] in
                pacing.value.begin(now: loop.now)
                lead()
            }
        }
        if let worker = idle.popLast() { worker.wake() } else { CallWorker.start(for: self) }
        loop.executeLocally { [self] in lead() }
    }

    // MARK: For the workers

    /// The method of the call that has waited longest; nil when none waits, or the loop is to look at its input first.
    var nextMethod: ServerMethodRunner? {
        pacing.value.isOver ? nil : waiting.value.withFirst { $0.method } ?? nil
    }

    /// The call that has waited longest, if `method` is what it calls; nil also when the loop is to look at its input.
    @inline(__always)
    func next(of method: ServerMethodRunner) -> ServerCall? {
        guard waiting.value.withFirst({ $0.isOf(method) }) == true else { return nil }
        guard pacing.value.mayRunNext() || pacing.value.look(now: loop.now) else { return nil }
        return waiting.value.pop()
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
