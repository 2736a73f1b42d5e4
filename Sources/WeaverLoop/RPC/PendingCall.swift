public import WeaverCore

/// Gets the one answer to a call, on the loop's thread: the failure, or the bytes of the result, all of which are to be
/// read and which are lent for this call only.
public typealias ReplyCompletion = @Sendable (_ failure: (any Error)?, _ result: inout WireDecoder) -> Void

/// What resumes `continuation` with the answer to a call, whose result `decode` reads to its last byte. For generated code.
@inlinable
public func replyCompletion<R: Sendable>(
    resuming continuation: UnsafeContinuation<R, any Error>,
    _ decode: @escaping @Sendable (inout WireDecoder) throws(WireError) -> R
) -> ReplyCompletion {
    { failure, result in
        if let failure { return unsafe continuation.resume(throwing: failure) }
        do throws(WireError) {
            let value = try decode(&result)
            try result.finish()
            unsafe continuation.resume(returning: value)
        } catch {
            unsafe continuation.resume(throwing: CallError.unreadableResult(error))
        }
    }
}

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
    private let complete: ReplyCompletion
    private let decodeError: ErrorDecoder
    /// The caller's task, which waits for the answer, and so lives as long as this is of use.
    private let caller: UnsafeCurrentTask?

    /// A call of the task that makes it.
    init(deadline: MonotonicTime?, decodeError: @escaping ErrorDecoder, complete: @escaping ReplyCompletion) {
        self.deadline = deadline
        self.decodeError = decodeError
        self.complete = complete
        unsafe caller = withUnsafeCurrentTask { unsafe $0 }
    }

    /// Whether the caller's task was cancelled.
    ///
    /// Asked from time to time, see ``RPCLimits/cancellationInterval``: to be told of it costs a small call a quarter of
    /// its time. Of a task whose life is certain, what `Task` has may be used from anywhere.
    var isCancelled: Bool { unsafe caller?.isCancelled ?? false }

    /// Whether the peer may have got the request.
    var mayHaveRun: Bool { state == .sent }

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
        complete(nil, &wire)
    }

    /// The caller gets the error that `replica` has sent.
    func fail(_ wire: inout WireDecoder, from replica: SocketAddress) {
        do {
            switch try ErrorPayload(wire: &wire) {
            case .call(let error): fail(error.from(replica))
            case .remote(let error): fail(error)
            case .user(let key):
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
        complete(failing: error)
    }

    private func complete(failing error: any Error) {
        WireDecoder.withDecoder(over: RawSpan()) { nothing in complete(error, &nothing) }
    }
}

extension CallError {
    /// The error of a result that cannot be read.
    @usableFromInline
    package static func unreadableResult(_ error: WireError) -> CallError {
        CallError(.badReply, "the result cannot be read: \(error.message)", mayHaveRun: true, cause: error)
    }
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
