public import WeaverCore

/// One incoming call: what the server stub answers through. It may be used from any thread; the first answer counts and
/// later ones are dropped, as is the answer to a call that was cancelled or ran out of time.
///
/// The stub's subclass keeps the arguments, so that a call is one object from its request to its answer.
open class ServerCall: @unchecked Sendable {
    // @unchecked: what changes is touched on the loop's thread only.

    /// The caller's deadline, metadata and trace.
    public final let context: CallContext
    /// The id of the request's frame.
    package final let id: UInt64

    private final let sink: any ServerReplySink
    // Private, so that the compiler sees all accesses, and checks none for exclusivity at run time.

    private final unowned(unsafe) var runner: ServerMethodRunner?
    /// What runs the call on the loop, and outlives its run.
    private final unowned(unsafe) var worker: CallWorker?
    /// What runs it on the pool.
    private final var task: Task<Void, Never>?
    /// See ``observer``.
    private final var seen: ServerCallObserver?
    private final var answered = false
    private final var cancelled = false

    /// The call of the request `head`.
    public init(_ head: CallHead) {
        unsafe runner = nil
        unsafe worker = nil
        id = head.id
        context = head.context
        sink = head.sink
    }

    /// What the call is of; the dispatcher sets it, and keeps it longer than the call.
    package final var method: ServerMethodRunner? {
        get { unsafe runner }
        set { unsafe runner = newValue }
    }

    /// Who hears how the call ends; set before it is run.
    package final var observer: ServerCallObserver? {
        get { seen }
        set { seen = newValue }
    }

    /// Whether it is a call of `method`.
    @inline(__always)
    final func isOf(_ method: ServerMethodRunner) -> Bool { unsafe runner === method }

    /// Whether an answer was given or is not wanted any more.
    final var isAnswered: Bool { answered }

    /// Whether the caller has given up, or its deadline has passed.
    final var isCancelled: Bool { cancelled }

    /// The answer is about to be given: whether it is the first, and wanted.
    final func takeAnswer() -> Bool {
        defer { answered = true }
        return !answered
    }

    /// Answers with a result, which `encode` writes straight into the connection's output when this is the loop's
    /// thread. A result that cannot be encoded, or is too long, is answered as an error.
    public final func reply(_ encode: (inout WireEncoder) throws(WireError) -> Void) {
        sink.answer(self, .response, encode)
    }

    /// Answers that the runtime could not make the call.
    public final func fail(_ error: CallError) {
        sink.answer(self, .error) { wire throws(WireError) in try ErrorPayload.call(error).encode(wire: &wire) }
    }

    /// Answers with an error of the component whose type is not registered: it travels as words. A ``CallError``, such
    /// as one from a call that the component made itself, and a ``RemoteError`` travel as what they are.
    public final func fail(_ error: any Error) {
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
    public final func fail(registeredError key: UInt64, _ encode: (inout WireEncoder) throws(WireError) -> Void) {
        sink.answer(self, .error) { wire throws(WireError) in
            try ErrorPayload.user(key: key).encode(wire: &wire)
            try encode(&wire)
        }
    }

    // MARK: Running

    /// Has the method run the call where it says, in the call's context; the sink is told, on the loop's thread, when it
    /// has returned. On the loop's thread.
    final func start(by workers: CallWorkers) {
        guard let method else { preconditionFailure("a call without a method") }
        switch method.placement {
        case .loop: workers.run(self)
        case .pool: task = method.runOnPool(self, loop: workers.loop)
        }
    }

    /// `worker` runs the call.
    @inline(__always)
    final func begins(by worker: CallWorker) { unsafe self.worker = worker }

    /// The method has returned. On the loop's thread.
    final func ended() {
        unsafe worker = nil
        task = nil
        if let seen { seen.ended(isCancelled: cancelled) }
        sink.ended(self)
    }

    /// The answer is not wanted any more: the method's task is cancelled. On the loop's thread.
    package final func cancel() {
        cancelled = true
        answered = true
        unsafe worker?.cancel()
        task?.cancel()
    }
}

/// Hears how an incoming call ends.
open class ServerCallObserver: @unchecked Sendable {
    // @unchecked: a subclass says what is touched where.

    /// An observer.
    public init() {}

    /// The method has thrown. From any thread, before ``ended(isCancelled:)``.
    open func failed(_ error: any Error) {}

    /// The method has returned. On the loop's thread.
    open func ended(isCancelled: Bool) {}
}

/// What is known of a request before its arguments are read.
public struct CallHead {
    let id: UInt64
    let context: CallContext
    let sink: any ServerReplySink

    /// The head of a call whose answer goes to `sink`.
    package init(id: UInt64, context: CallContext, sink: any ServerReplySink) {
        self.id = id
        self.context = context
        self.sink = sink
    }

    /// Whether neither metadata nor a trace travelled with the request.
    @inline(__always)
    package var hasNoExtras: Bool { context.hasNoExtras }

    /// What travelled with the request beside its arguments.
    package var callContext: CallContext { context }

    /// This head with another place in its trace.
    package func with(trace: TraceContext) -> CallHead {
        var context = context
        context.trace = trace
        return CallHead(id: id, context: context, sink: sink)
    }
}

/// Takes the answers of calls: a connection, or a test.
package protocol ServerReplySink: AnyObject, Sendable {
    /// Sends an answer of `kind` (response or error), whose payload `payload` writes during this call. From any thread.
    func answer(
        _ call: ServerCall, _ kind: FrameKind, _ payload: (inout WireEncoder) throws(WireError) -> Void)

    /// The call's work has returned. On the loop's thread.
    func ended(_ call: ServerCall)
}
