internal import WeaverCore

/// One task on the loop that runs call after call. On the loop's thread.
///
/// Every return from an async function to its caller asks Swift's runtime which executor the task prefers, under the
/// task's lock. So a method's stub takes all calls that wait for it in one go (``ServerCalls``), and the task's context is
/// one object whose content is exchanged, rather than a task-local value bound for each call.
@safe
final class CallWorker: CallSource, @unchecked Sendable {
    // @unchecked: touched on the loop's thread only.

    private let workers: CallWorkers
    private var parked: UnsafeContinuation<Void, Never>?
    private var task: Task<Void, Never>?
    private let state = LoopState(State())

    private struct State: ~Copyable {
        /// The call that runs.
        var call: ServerCall?
        /// The task's context.
        var scope: OwnScope?
        var identity: CallContext.TaskIdentity?
        /// A task that was cancelled stays so, and one whose context somebody keeps must leave it as it is: of no use for
        /// another call.
        var isRetired = false

        @inline(__always)
        mutating func begin(_ call: ServerCall) {
            // The connection answers and cancels the call at its deadline, so nobody else needs to watch it.
            scope?.set(call.context.watched(by: identity))
            self.call = call
        }

        @inline(__always)
        mutating func end() -> ServerCall? {
            guard call != nil else { return nil }
            if scope?.isShared != false { isRetired = true }
            return exchange(&call, with: nil)
        }
    }

    private init(_ workers: CallWorkers) {
        self.workers = workers
        unsafe parked = nil
    }

    /// Makes a worker; its task begins in this tick.
    static func start(for workers: CallWorkers) {
        let worker = CallWorker(workers)
        worker.task = Task(executorPreference: workers.loop) {
            await CallContext.with(CallContext()) {
                worker.state.value.scope = OwnScope.ofThisTask()
                worker.state.value.identity = .current
                await worker.work()
                worker.state.value.scope = nil
            }
        }
    }

    /// Goes on; only a parked worker.
    func wake() {
        unsafe exchange(&parked, with: nil)?.resume()
    }

    /// Cancels the call that the worker runs.
    func cancel() {
        state.value.isRetired = true
        task?.cancel()
    }

    private func work() async {
        while true {
            while !state.value.isRetired, let method = workers.nextMethod {
                await method.run(ServerCalls(self, of: method))
            }
            guard !state.value.isRetired, workers.park(self) else { return }
            unsafe await withUnsafeContinuation { continuation in unsafe parked = continuation }
        }
    }

    /// The next call of `method`, which becomes the one that runs; nil when none waits. The call before it has ended.
    override func next(of method: ServerMethodRunner) -> ServerCall? {
        state.value.end()?.ended()
        while !state.value.isRetired, let call = workers.next(of: method) {
            // Nobody waits for one that was cancelled before.
            guard !call.isCancelled else {
                call.ended()
                continue
            }
            call.begins(by: self)
            workers.loop.stall.enter(method.label)
            state.value.begin(call)
            return call
        }
        return nil
    }
}
