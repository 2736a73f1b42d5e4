package import WeaverCore

/// Makes an error from the bytes of a registered type: the key says which, nil that it is not known.
package typealias ErrorDecoder = @Sendable (_ key: UInt64, _ wire: inout WireDecoder) throws -> (any Error)?

/// A call that waits for its answer. After its making it belongs to the loop's thread.
@safe
final class PendingCall: @unchecked Sendable {
    // @unchecked: made by the caller, then touched on the loop's thread only.

    enum State {
        /// Not on the loop yet.
        case new
        /// Its frame waits in ``frame`` for the connection.
        case waiting
        /// Its frame was given to the connection: the method may run.
        case sent
        /// The caller has its answer.
        case done
    }

    var state = State.new
    var id: UInt64 = 0
    /// The request's frame, encoded outside of the connection's output; its id is filled in when it is known.
    var frame = OutputBuffer()
    let deadline: MonotonicTime?
    /// Hears, on the loop's thread, that the method has answered; set while the component has replicas that fail.
    var onAnswer: (() -> Void)?
    private let receiver: ReplyReceiver
    /// The caller's task, which waits for the answer, and so lives until the call is done.
    private let caller: CallContext.TaskIdentity?
    /// Whether the caller's task was cancelled when the call began.
    private var wasCancelled: Bool

    /// A call of the task that makes it.
    @inline(__always)
    init(deadline: MonotonicTime?, receiver: ReplyReceiver) {
        self.deadline = deadline
        self.receiver = receiver
        (caller, wasCancelled) = CallContext.TaskIdentity.currentAndCancelled
    }

    /// Whether the caller's task is known to be cancelled.
    var isCancelled: Bool { wasCancelled }

    /// Looks whether the caller's task has been cancelled meanwhile; only for a call that is not done.
    ///
    /// This is done from time to time, see ``RPCLimits/cancellationInterval``: to be told of it costs a small call a quarter
    /// of its time.
    func lookForCancellation() -> Bool {
        if let caller, caller.isCancelled { wasCancelled = true }
        return wasCancelled
    }

    /// Whether the peer may have got the request.
    var mayHaveRun: Bool { state == .sent }

    /// Encodes the request on another thread than the loop's and hands the call over: `submit` is called there, or with false
    /// where the loop has ended.
    func handOver(
        to loop: EventLoop, _ key: MethodKey, _ context: CallContext, now: MonotonicTime, limit: Int,
        _ encode: (inout WireEncoder) throws(WireError) -> Void,
        submit: @escaping @Sendable (_ isInLoop: Bool) -> Void
    ) {
        do throws(CallError) {
            try self.encode(key, context, now: now, limit: limit, encode)
            loop.handOver(submit)
        } catch {
            // On the loop, to which the call belongs.
            loop.handOver { _ in self.fail(error) }
        }
    }

    /// Encodes the request, outside of the connection's output; its id comes later.
    func encode(
        _ key: MethodKey, _ context: CallContext, now: MonotonicTime, limit: Int,
        _ encode: (inout WireEncoder) throws(WireError) -> Void
    ) throws(CallError) {
        try frame.withEncoder { wire throws(CallError) in
            try wire.appendRequest(key, context, id: id, now: now, limit: limit, encode)
        }
    }

    /// The caller gets the result.
    @inline(__always)
    func succeed(_ wire: inout WireDecoder) {
        state = .done
        if let onAnswer { onAnswer() }
        receiver.succeed(&wire)
    }

    /// The caller gets the error that `replica` has sent.
    func fail(_ wire: inout WireDecoder, from replica: SocketAddress, _ decodeError: ErrorDecoder) {
        do {
            switch try ErrorPayload(wire: &wire) {
            case .call(let error): fail(error.from(replica))
            case .remote(let error):
                onAnswer?()
                fail(error)
            case .user(let key):
                onAnswer?()
                guard let error = try decodeError(key, &wire) else {
                    return fail(RemoteError(typeName: "error type \(key)", description: "not registered here"))
                }
                try wire.finish()
                fail(error)
            }
        } catch {
            fail(CallError(.badReply, "the error cannot be read", mayHaveRun: mayHaveRun, cause: error))
        }
    }

    /// The caller gets an error.
    func fail(_ error: any Error) {
        state = .done
        receiver.fail(error)
    }
}

extension CallError {
    /// The caller's application has ended.
    static var ended: CallError { CallError(.unreachable, "the application that the call belongs to has ended") }
}

extension WireEncoder {
    /// Writes a request's frame.
    @inline(__always)
    mutating func appendRequest(
        _ key: MethodKey, _ context: CallContext, id: UInt64, now: MonotonicTime, limit: Int,
        _ encode: (inout WireEncoder) throws(WireError) -> Void
    ) throws(CallError) {
        try appendFrame(id: id, kind: .request, limit: limit) { wire throws(WireError) in
            try RequestHeader.encode(key: key, context: context, now: now, wire: &wire)
            try encode(&wire)
        }
    }
}
