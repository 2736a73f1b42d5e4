/// What comes out of the machine.
extension ProxyExchange {
    /// What the hand has to do.
    @usableFromInline
    package struct Action: OptionSet, Sendable {
        @usableFromInline package let rawValue: UInt16

        /// Any combination.
        @inlinable
        package init(rawValue: UInt16) {
            self.rawValue = rawValue
        }

        /// Is `action` among these? The protocol's own is not specialised in other modules: it was called thirty times
        /// for each request.
        @inlinable
        package func contains(_ action: Action) -> Bool { rawValue & action.rawValue == action.rawValue }

        /// Close the backend's connection: it is in no state to be used again.
        @inlinable package static var closeBackend: Action { Action(rawValue: 1 << 0) }
        /// Give the backend's connection back to the pool.
        @inlinable package static var releaseBackend: Action { Action(rawValue: 1 << 1) }
        /// Hold the request's body back.
        @inlinable package static var holdRequestBody: Action { Action(rawValue: 1 << 2) }
        /// Pick a backend and answer with `picked` or `nonePicked`.
        @inlinable package static var pickBackend: Action { Action(rawValue: 1 << 3) }
        /// Wait for backends, for a bounded time.
        @inlinable package static var waitForBackend: Action { Action(rawValue: 1 << 4) }
        /// Wait for other backends, or for those that failed to be due again; then none counts as tried.
        @inlinable package static var waitForRecovery: Action { Action(rawValue: 1 << 15) }
        /// Write the request's head to the backend.
        @inlinable package static var sendHead: Action { Action(rawValue: 1 << 5) }
        /// Let the request's body flow.
        @inlinable package static var readRequestBody: Action { Action(rawValue: 1 << 6) }
        /// Answer the client with `failure`.
        @inlinable package static var sendFailure: Action { Action(rawValue: 1 << 7) }
        /// The response is complete: the client's connection may carry the next request.
        @inlinable package static var finishResponse: Action { Action(rawValue: 1 << 8) }
        /// Cut the client's connection, so that it sees that the response is not complete.
        @inlinable package static var abortClient: Action { Action(rawValue: 1 << 9) }
        /// Write the head of 101; what comes from now on passes both ways as it is.
        @inlinable package static var openTunnel: Action { Action(rawValue: 1 << 10) }
        /// The client has said everything: end the writing side towards the backend, behind what is queued.
        @inlinable package static var endBackend: Action { Action(rawValue: 1 << 11) }
        /// The backend has said everything: end the writing side towards the client, behind what is queued.
        @inlinable package static var endClient: Action { Action(rawValue: 1 << 12) }
        /// Both have: close the backend's connection once what is queued for it is out, and report `backendClosed`.
        @inlinable package static var finishBackend: Action { Action(rawValue: 1 << 13) }
        /// Close the client's connection once what is queued for it is out.
        @inlinable package static var finishClient: Action { Action(rawValue: 1 << 14) }
    }

    /// The error that `sendFailure` answers with.
    package struct Failure: Sendable, Equatable {
        /// 502, 503 or 504.
        package let status: HTTPStatus
        /// For people.
        package let detail: String
        /// The client may try again soon.
        package let retryAfterSeconds: Int?
    }
}
