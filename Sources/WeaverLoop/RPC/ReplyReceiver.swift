public import WeaverCore

/// Who waits for the answer to a call, and how it is given: once, on the loop's thread. For generated code.
@safe
public struct ReplyReceiver: @unchecked Sendable {
    // @unchecked: the address is a continuation's, which may be resumed from anywhere.

    /// Gets the failure, or the bytes of the result, which are lent for this call only.
    @usableFromInline
    typealias Deliver =
        @Sendable (
            _ continuation: UnsafeRawPointer?, _ failure: (any Error)?, _ result: inout WireDecoder
        ) -> Void

    /// The continuation that `deliver` resumes, kept here so that `deliver` captures nothing: a closure of its own for each
    /// call would have to be allocated.
    @usableFromInline let continuation: UnsafeRawPointer?
    @usableFromInline let deliver: Deliver

    /// Resumes `continuation` with the answer, whose result `decode` reads to its last byte.
    @inlinable
    public init<R: Sendable>(
        resuming continuation: UnsafeContinuation<R, any Error>,
        _ decode: @escaping @Sendable (inout WireDecoder) throws(WireError) -> R
    ) {
        unsafe self.continuation = unsafeBitCast(continuation, to: UnsafeRawPointer?.self)
        unsafe deliver = { address, failure, result in
            let continuation = unsafe unsafeBitCast(address, to: UnsafeContinuation<R, any Error>.self)
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

    /// Gives the answer to `receive`.
    package init(_ receive: @escaping @Sendable (_ failure: (any Error)?, _ result: inout WireDecoder) -> Void) {
        unsafe continuation = nil
        unsafe deliver = { _, failure, result in receive(failure, &result) }
    }

    /// The call has a result, which is read here.
    @inline(__always)
    package func succeed(_ result: inout WireDecoder) {
        unsafe deliver(continuation, nil, &result)
    }

    /// The call has none.
    package func fail(_ error: any Error) {
        WireDecoder.withDecoder(over: RawSpan()) { nothing in unsafe deliver(continuation, error, &nothing) }
    }
}

extension CallError {
    /// The error of a result that cannot be read.
    @usableFromInline
    package static func unreadableResult(_ error: WireError) -> CallError {
        CallError(.badReply, "the result cannot be read: \(error.message)", mayHaveRun: true, cause: error)
    }
}
