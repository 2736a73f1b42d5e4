/// Bounds re-sends to a share of the calls, so that a struggling service does not get several times its load: every
/// call earns a part of a re-send, every re-send costs a whole one.
package struct RetryBudget: Equatable, Sendable {
    /// How many calls earn one re-send.
    package static let callsPerRetry = 10
    /// How many re-sends can be saved up; also what a new budget has.
    package static let maximumRetries = 100

    private var tenths = RetryBudget.maximumRetries * RetryBudget.callsPerRetry

    package init() {}

    /// A call was made for the first time.
    package mutating func earn() {
        tenths = min(tenths + 1, Self.maximumRetries * Self.callsPerRetry)
    }

    /// Takes one re-send out; false when there is none.
    package mutating func spend() -> Bool {
        guard tenths >= Self.callsPerRetry else { return false }
        tenths -= Self.callsPerRetry
        return true
    }
}

/// Whether a call that failed may be made again.
package struct RetryPolicy: Equatable, Sendable {
    /// How many times a call is made at most.
    package var maximumAttempts = 4

    package init() {}

    /// Whether `error` of attempt number `attempt` (from 1) allows another one: only when the method certainly did not
    /// run, or may run twice because it is idempotent, and when trying again makes sense at all. What a component has
    /// relayed from a call of its own is not tried again: each tier would multiply the attempts of the one below.
    package func allowsRetry(after error: CallError, attempt: Int, isIdempotent: Bool) -> Bool {
        guard attempt < maximumAttempts, !error.isRelayed else { return false }
        switch error.code {
        case .unreachable, .connectionLost, .overloaded, .draining: return isIdempotent || !error.mayHaveRun
        default: return false
        }
    }
}
