internal import Synchronization
public import WeaverCore

/// One incoming call: what the server stub answers through. It may be used from any thread; the first answer counts and
/// later ones are dropped, as is the answer to a call that was cancelled or ran out of time.
public final class ServerCall: @unchecked Sendable {
    // @unchecked: what changes is touched on the loop's thread only.

    /// The caller's deadline, metadata and trace.
    public let context: CallContext
    /// The method.
    public let key: MethodKey
    /// The id of the request's frame.
    package let id: UInt64

    private let sink: any ServerReplySink
    private let cancelled = Atomic<Bool>(false)
    /// What runs the method, until it has returned.
    private var runner: CallRunner?
    private var work: (@Sendable (ServerCall) async -> Void)?
    private var label: StallLabel?
    /// Whether an answer was given or is not wanted any more.
    var isAnswered = false

    /// A call whose answer goes to `sink`.
    package init(id: UInt64, key: MethodKey, context: CallContext, sink: any ServerReplySink) {
        self.id = id
        self.key = key
        self.context = context
        self.sink = sink
    }

    /// Whether the caller has given up, or its deadline has passed. The method's task is cancelled too.
    public var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    /// Answers with a result, which `encode` writes straight into the connection's output when this is the loop's
    /// thread. A result that cannot be encoded, or is too long, is answered as an error.
    public func reply(_ encode: (inout WireEncoder) throws(WireError) -> Void) {
        sink.answer(self, .response, encode)
    }

    /// Answers that the runtime could not make the call.
    public func fail(_ error: CallError) {
        sink.answer(self, .error) { wire throws(WireError) in try ErrorPayload.call(error).encode(wire: &wire) }
    }

    /// Answers with an error of the component whose type is not registered: it travels as words. A ``CallError``, such
    /// as one from a call that the component made itself, and a ``RemoteError`` travel as what they are.
    public func fail(_ error: any Error) {
        switch error {
        case let error as CallError:
            // The component ran, whatever happened to the call it made.
            fail(error.relayed)
        default:
            let remote = error as? RemoteError ?? RemoteError(describing: error)
            sink.answer(self, .error) { wire throws(WireError) in try ErrorPayload.remote(remote).encode(wire: &wire) }
        }
    }

    /// Answers with an error of a type that is registered under `key`, whose value `encode` writes.
    public func fail(registeredError key: UInt64, _ encode: (inout WireEncoder) throws(WireError) -> Void) {
        sink.answer(self, .error) { wire throws(WireError) in
            try ErrorPayload.user(key: key).encode(wire: &wire)
            try encode(&wire)
        }
    }

    // MARK: Running

    /// Runs `work` where `placement` says, in the call's context, and tells the sink, on the loop's thread, when it has
    /// returned. On the loop's thread.
    func start(
        on placement: CallPlacement, workers: CallWorkers, label: StallLabel?,
        _ work: @escaping @Sendable (ServerCall) async -> Void
    ) {
        switch placement {
        case .loop:
            self.work = work
            self.label = label
            workers.run(self)
        case .pool:
            let loop = workers.loop
            runner = .task(
                Task(executorPreference: globalConcurrentExecutor) { [self] in
                    await runInContext(work)
                    loop.execute { self.ended() }
                })
        }
    }

    /// Runs the work in a worker's task. A call that was cancelled before is not begun.
    func run(by worker: CallWorker) async {
        if let work = exchange(&work, with: nil), !isCancelled {
            runner = .worker(worker)
            worker.loop.stall.enter(label)
            await runInContext(work)
        }
        ended()
    }

    /// The connection answers and cancels the call at its deadline, so nobody else needs to watch it.
    private func runInContext(_ work: @Sendable (ServerCall) async -> Void) async {
        await CallContext.$current.withValue(context.watched) { await work(self) }
    }

    private func ended() {
        runner = nil
        sink.ended(self)
    }

    /// The answer is not wanted any more. On the loop's thread.
    package func cancel() {
        cancelled.store(true, ordering: .relaxed)
        isAnswered = true
        switch runner {
        case .worker(let worker): worker.cancel()
        case .task(let task): task.cancel()
        case nil: break
        }
    }
}

/// What runs a call's method.
private enum CallRunner {
    case worker(CallWorker)
    case task(Task<Void, Never>)
}

/// Takes the answers of calls: a connection, or a test.
package protocol ServerReplySink: AnyObject, Sendable {
    /// Sends an answer of `kind` (response or error), whose payload `payload` writes during this call. From any thread.
    func answer(
        _ call: ServerCall, _ kind: FrameKind, _ payload: (inout WireEncoder) throws(WireError) -> Void)

    /// The call's work has returned. On the loop's thread.
    func ended(_ call: ServerCall)
}
