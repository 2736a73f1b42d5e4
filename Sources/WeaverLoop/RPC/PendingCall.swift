package import WeaverCore

/// A call that waits for its answer. After its making it belongs to the loop's thread.
class PendingCall: @unchecked Sendable {
    // @unchecked: made by the caller, then touched on the loop's thread only.

    enum State {
        /// Not on the loop yet.
        case new
        /// Its frame waits in ``frame`` for the connection.
        case waiting
        /// Its frame was given to the connection: the method may run.
        case sent
        /// The caller was resumed.
        case done
    }

    final var state = State.new
    final var id: UInt64 = 0
    /// The caller has given up before the call came to the loop.
    final var isCancelled = false
    /// The request's frame, encoded outside of the connection's output; its id is filled in when it is known.
    final var frame = OutputBuffer()
    final let deadline: MonotonicTime?

    init(deadline: MonotonicTime?) {
        self.deadline = deadline
    }

    /// Whether the peer may have got the request.
    final var mayHaveRun: Bool { state == .sent }

    /// Resumes the caller with the decoded result.
    func complete(_ wire: inout WireDecoder) { preconditionFailure("abstract") }

    /// Resumes the caller with the error that the callee sent.
    func completeWithError(_ wire: inout WireDecoder) { preconditionFailure("abstract") }

    /// Resumes the caller with an error.
    func resume(throwing error: any Error) { preconditionFailure("abstract") }

    /// Resumes the caller with an error of the transport.
    final func fail(_ code: CallError.Code, _ message: String, cause: (any Error)? = nil) {
        resume(throwing: CallError(code, message, mayHaveRun: mayHaveRun, cause: cause))
    }
}

/// Makes an error from the bytes of a registered type: the key says which, nil that it is not known.
package typealias ErrorDecoder = @Sendable (_ key: UInt64, _ wire: inout WireDecoder) throws -> (any Error)?

/// A pending call with the type of its result.
@safe
final class PendingReply<R: Sendable>: PendingCall, @unchecked Sendable {
    // @unchecked: as the base.

    /// Set by the caller before it hands the call to the loop.
    var continuation: UnsafeContinuation<R, any Error>?
    private let decode: @Sendable (inout WireDecoder) throws(WireError) -> R
    private let decodeError: ErrorDecoder

    init(
        deadline: MonotonicTime?, decode: @escaping @Sendable (inout WireDecoder) throws(WireError) -> R,
        decodeError: @escaping ErrorDecoder
    ) {
        unsafe continuation = nil
        self.decode = decode
        self.decodeError = decodeError
        super.init(deadline: deadline)
    }

    override func complete(_ wire: inout WireDecoder) {
        do throws(WireError) {
            let result = try decode(&wire)
            try wire.finish()
            state = .done
            unsafe continuation?.resume(returning: result)
        } catch {
            fail(.badReply, "the result cannot be read: \(error.message)", cause: error)
        }
    }

    override func completeWithError(_ wire: inout WireDecoder) {
        do {
            switch try ErrorPayload(wire: &wire) {
            case .call(let error): resume(throwing: error)
            case .remote(let error): resume(throwing: error)
            case .user(let key):
                guard let error = try decodeError(key, &wire) else {
                    return resume(
                        throwing: RemoteError(typeName: "error type \(key)", description: "not registered here"))
                }
                try wire.finish()
                resume(throwing: error)
            }
        } catch {
            fail(.badReply, "the error cannot be read", cause: error)
        }
    }

    override func resume(throwing error: any Error) {
        state = .done
        unsafe continuation?.resume(throwing: error)
    }
}
