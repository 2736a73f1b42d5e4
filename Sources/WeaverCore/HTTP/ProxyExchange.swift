/// One request on its way through the proxy and its response back: which backend when, what may be sent again, how
/// it fails. Pure: events go in, primitive actions come out, in the order in which `Action` lists them.
///
/// Overview
///
///     state       means                                         leaves it by
///     idle        no request                                    begin
///     picking     a backend is being picked                     picked, nonePicked
///     waiting     none is ready, all are busy, or all failed    backendsChanged, timedOut
///     connecting  a connection to a backend is being made       connected, backendFailed, timedOut
///     awaiting    the request is on its way                     responseBegan, switched, backendFailed, timedOut
///     responding  the response's head went to the client        responseEnded, backendFailed, timedOut
///     tunnel      both sides speak another protocol             see `ProxyExchange+Tunnel`
///
/// The request's body flows in `awaiting` and `responding` only. In front of the head, on a connection that is still
/// being made, its bytes would be read as a request of their own: each way into a state without a connection holds it.
///
/// A request whose body has not begun to be passed on is sent again
/// * when it provably did not reach the backend: no connection, or a broken one on which nothing had been sent;
/// * when its method is idempotent and the connection broke before a byte of a response. On a *kept* connection that is
///   how a backend looks which closes it as idle at the same time; it is sent at most `maximumSendings` times. On a
///   *fresh* one the backend itself has failed: once more in all, so that the death of a replica is not seen by clients,
///   and a request that kills its replica does not kill them all.
///
/// When each backend was tried and failed, and the request might be sent again, it waits for others, or for those that
/// failed to be due again (see ``BackendTable``), and tries them all once more: that all replicas die at the same
/// time, or the only one is started anew, is then a delay and no error.
///
/// An offer to change the protocol counts as not idempotent: a backend that has seen it may have acted on what it says.
@usableFromInline
package struct ProxyExchange: Sendable {
    /// How many backends one request tries, and again after a recovery: bounds what it costs when all misbehave.
    package static let maximumAttempts = 6
    /// How often an idempotent request is sent to backends that may have seen it.
    package static let maximumSendings = 3
    /// How often it is sent again after a fresh connection broke.
    package static let maximumRepeatsAfterFresh = 1
    /// How often one request waits for backends that have failed to be due again.
    package static let maximumRecoveries = 1
    /// What a client is told to wait when no backend is ready.
    package static let retryAfterSeconds = 1

    enum State: Sendable, Equatable {
        case idle, picking, waiting
        case connecting
        case awaiting
        case responding
        case tunnel(clientEnded: Bool, backendEnded: Bool)
    }

    var state = State.idle
    /// It may be sent again.
    package private(set) var isIdempotent = false
    /// The request would change the protocol.
    package private(set) var offersUpgrade = false
    private(set) var requestEnded = false
    private var bodyPassed = false
    private var attempts = 0
    private var sendings = 0
    private var repeatsAfterFresh = 0
    private var isReused = false
    private var lastFailure: Failure?
    private var waitsForRoom = false
    private var waitsForRecovery = false
    private var recoveries = 0
    /// What to answer, valid after `sendFailure`.
    package private(set) var failure: Failure?

    /// No request yet.
    package init() {}

    /// No request is under way.
    package var isIdle: Bool {
        if case .idle = state { return true }
        return false
    }

    /// No backend was ready, or each had too much in flight; `backendsChanged` goes on.
    package var isWaiting: Bool {
        if case .waiting = state { return true }
        return false
    }

    /// It waits until the backends that have all failed are due again: that one of them has room is nothing to it.
    package var awaitsRecovery: Bool { isWaiting && waitsForRecovery }

    /// A connection to a backend is being made.
    package var isConnecting: Bool {
        if case .connecting = state { return true }
        return false
    }

    /// One more backend may be tried; otherwise each one counts as tried.
    package var mayTry: Bool { attempts < Self.maximumAttempts }

    /// The request is on its way, and nothing of a response has come.
    package var isAwaiting: Bool {
        if case .awaiting = state { return true }
        return false
    }

    /// The backend's connection takes the request's body: its head has been written.
    package var takesBody: Bool {
        switch state {
        case .awaiting, .responding: true
        case .idle, .picking, .waiting, .connecting, .tunnel: false
        }
    }

    /// The client may be told anything: no byte of the response's head has been sent.
    private var isUnanswered: Bool {
        switch state {
        case .picking, .waiting, .connecting, .awaiting: true
        case .idle, .responding, .tunnel: false
        }
    }

    // MARK: the client's side

    /// A request's head arrived.
    ///
    /// - Parameters:
    ///   - isIdempotent: its method is.
    ///   - offersUpgrade: it would change the protocol.
    package mutating func begin(isIdempotent: Bool, offersUpgrade: Bool = false) -> Action {
        precondition(isIdle, "a request inside another one")
        self = ProxyExchange()
        self.isIdempotent = isIdempotent && !offersUpgrade
        self.offersUpgrade = offersUpgrade
        state = .picking
        return .pickBackend
    }

    /// A part of the request's body was written to the backend.
    package mutating func requestBodyPassed() {
        bodyPassed = true
    }

    /// The request is complete.
    package mutating func requestDidEnd() {
        requestEnded = true
    }

    /// The client is gone.
    package mutating func clientGone() -> Action {
        defer { state = .idle }
        switch state {
        case .idle, .picking, .waiting: return []
        case .connecting, .awaiting, .responding, .tunnel: return .closeBackend
        }
    }

    // MARK: the backend's side

    /// A backend was picked: `reused` with a kept connection, otherwise one is being made.
    package mutating func picked(reused: Bool) -> Action {
        attempts += 1
        isReused = reused
        guard reused else {
            state = .connecting
            return .holdRequestBody
        }
        state = .awaiting
        sendings += 1
        return [.sendHead, .readRequestBody]
    }

    /// There is a backend, and this process cannot connect to it: it has no descriptors, ports or memory left.
    package mutating func localFailure() -> Action {
        fail(.noConnectionLeft)
    }

    /// Why there is no backend to pick.
    package enum Shortage: Sendable {
        /// There is none.
        case none
        /// Each one was tried, or as many as may be.
        case allTried
        /// One that was not tried takes requests again when it has finished one.
        case allBusy
    }

    /// There is no backend to pick.
    ///
    /// - Parameter mayWait: not too many requests wait already.
    package mutating func nonePicked(_ shortage: Shortage, mayWait: Bool = true) -> Action {
        waitsForRoom = shortage == .allBusy
        waitsForRecovery = shortage == .allTried
        if waitsForRecovery, recoveries == Self.maximumRecoveries || !mayWait { return fail(lastFailure ?? noneReady) }
        guard mayWait else { return fail(noneReady) }
        state = .waiting
        return [.holdRequestBody, waitsForRecovery ? .waitForRecovery : .waitForBackend]
    }

    private var noneReady: Failure {
        waitsForRoom ? .everyReplicaBusy : .noReplicaReady
    }

    /// There are other backends now, or one has finished a request.
    package mutating func backendsChanged() -> Action {
        guard isWaiting else { return [] }
        state = .picking
        return .pickBackend
    }

    /// The connection to the backend was made.
    package mutating func connected() -> Action {
        guard case .connecting = state else { return [] }
        state = .awaiting
        sendings += 1
        return [.sendHead, .readRequestBody]
    }

    /// The backend stopped being one while the connection to it was being made: another one is picked, as if it had
    /// never been there.
    package mutating func backendRemoved() -> Action {
        guard case .connecting = state else { return [] }
        state = .picking
        return [.closeBackend, .holdRequestBody, .pickBackend]
    }

    /// A complete head of a final response arrived and goes to the client. (Interim ones pass without an event.)
    package mutating func responseBegan() {
        state = .responding
    }

    /// The response is complete.
    ///
    /// - Parameter reusable: the backend keeps the connection, and nothing is on it that we did not ask for.
    package mutating func responseEnded(reusable: Bool) -> Action {
        state = .idle
        // A request that is still being sent leaves the connection in the middle of a message.
        return [reusable && requestEnded ? .releaseBackend : .closeBackend, .finishResponse]
    }

    /// The connection could not be made, broke, ended early, or carried something that is no response.
    ///
    /// - Parameters:
    ///   - responseBytes: a byte of a response had arrived.
    ///   - nothingSent: the backend provably saw nothing of the request.
    ///   - broken: what the client hears if it is not tried again.
    package mutating func backendFailed(responseBytes: Bool, nothingSent: Bool, _ broken: Failure) -> Action {
        switch state {
        case .connecting:
            return retry(or: broken)
        case .awaiting:
            guard !responseBytes, !bodyPassed else { return fail(broken) }
            return nothingSent || mayRepeat() ? retry(or: broken) : fail(broken)
        case .responding, .tunnel:
            state = .idle
            return [.closeBackend, .abortClient]
        case .idle, .picking, .waiting:
            return []
        }
    }

    /// The backend answers nobody any more, and others do. A request that may be sent again goes to one of them; what it has
    /// of any other one it may still answer.
    ///
    /// - Parameter responseBytes: a byte of a response had arrived.
    package mutating func backendFellSilent(responseBytes: Bool) -> Action {
        guard case .awaiting = state, !responseBytes, !bodyPassed, isIdempotent, sendings < Self.maximumSendings,
            repeatsAfterFresh < Self.maximumRepeatsAfterFresh
        else { return [] }
        // As after its death: what silences a replica shall not silence them all.
        repeatsAfterFresh += 1
        return retry(or: .notAnsweredInTime)
    }

    /// The bound on what is being waited for passed.
    package mutating func timedOut() -> Action {
        switch state {
        case .waiting:
            guard waitsForRecovery else { return fail(noneReady) }
            recoveries += 1
            attempts = 0
            state = .picking
            return .pickBackend
        case .connecting:
            return retry(or: .cannotConnectInTime)
        case .awaiting:
            return fail(.notAnsweredInTime)
        case .responding, .tunnel:
            state = .idle
            return [.closeBackend, .abortClient]
        case .idle, .picking:
            return []
        }
    }

    /// May what a backend has perhaps seen be sent again? Only where the method allows it (RFC 9110, 9.2.2).
    private mutating func mayRepeat() -> Bool {
        guard isIdempotent, sendings < Self.maximumSendings else { return false }
        if isReused { return true }
        repeatsAfterFresh += 1
        return repeatsAfterFresh <= Self.maximumRepeatsAfterFresh
    }

    private mutating func retry(or last: Failure) -> Action {
        lastFailure = last
        state = .picking
        return [.closeBackend, .holdRequestBody, .pickBackend]
    }

    mutating func fail(_ failure: Failure) -> Action {
        precondition(isUnanswered, "a failure after the response's head")
        let hasBackend: Bool =
            switch state {
            case .connecting, .awaiting: true
            default: false
            }
        self.failure = failure
        state = .idle
        return hasBackend ? [.closeBackend, .sendFailure] : .sendFailure
    }
}
