internal import Synchronization
public import WeaverCore

/// One incoming call: what the server stub answers through. It may be used from any thread; the first answer counts and
/// later ones are dropped, as is the answer to a call that was cancelled or ran out of time.
public final class ServerCall: @unchecked Sendable {
    // @unchecked: `task` and `isAnswered` are touched on the loop's thread only.

    /// The caller's deadline, metadata and trace.
    public let context: CallContext
    /// The method.
    public let key: MethodKey
    /// The id of the request's frame.
    package let id: UInt64

    private let sink: any ServerReplySink
    private let cancelled = Atomic<Bool>(false)
    /// The task that runs the method, once it has suspended.
    var task: Task<Void, Never>?
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

    /// Answers with an error whose whole payload, as ``ErrorPayload`` has it, `encode` writes.
    package func fail(payload encode: (inout WireEncoder) throws(WireError) -> Void) {
        sink.answer(self, .error, encode)
    }

    /// The work has returned. On the loop's thread.
    func ended() {
        task = nil
        sink.ended(self)
    }

    /// The answer is not wanted any more. On the loop's thread.
    package func cancel() {
        cancelled.store(true, ordering: .relaxed)
        isAnswered = true
        task?.cancel()
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
