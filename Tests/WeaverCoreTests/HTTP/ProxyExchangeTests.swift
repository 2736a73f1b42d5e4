import Testing

@testable import WeaverCore

struct ProxyExchangeTests {
    private func awaiting(reused: Bool, idempotent: Bool = true) -> ProxyExchange {
        var exchange = ProxyExchange()
        #expect(exchange.begin(isIdempotent: idempotent) == .pickBackend)
        if reused {
            #expect(exchange.picked(reused: true) == [.sendHead, .readRequestBody])
        } else {
            #expect(exchange.picked(reused: false) == .holdRequestBody)
            #expect(!exchange.takesBody)
            #expect(exchange.connected() == [.sendHead, .readRequestBody])
        }
        #expect(exchange.takesBody)
        return exchange
    }

    @Test func completeExchangeKeepsBothConnections() {
        var exchange = awaiting(reused: false)
        exchange.requestDidEnd()
        exchange.responseBegan()
        #expect(exchange.responseEnded(reusable: true) == [.releaseBackend, .finishResponse])
        #expect(exchange.isIdle)
    }

    @Test func backendIsNotKeptWhenItClosesOrTheRequestIsStillArriving() {
        var closing = awaiting(reused: true)
        closing.requestDidEnd()
        closing.responseBegan()
        #expect(closing.responseEnded(reusable: false) == [.closeBackend, .finishResponse])
        var early = awaiting(reused: true)
        early.responseBegan()
        #expect(early.responseEnded(reusable: true) == [.closeBackend, .finishResponse])
    }

    @Test func keptConnectionThatBreaksIsReplacedForIdempotentMethodsOnly() {
        var get = awaiting(reused: true)
        #expect(
            get.backendFailed(responseBytes: false, nothingSent: false, .connectionClosed) == [
                .closeBackend, .holdRequestBody, .pickBackend,
            ])
        var post = awaiting(reused: true, idempotent: false)
        #expect(
            post.backendFailed(responseBytes: false, nothingSent: false, .connectionClosed)
                == [.closeBackend, .sendFailure])
        #expect(post.failure?.status == .badGateway)
        var unsent = awaiting(reused: true, idempotent: false)
        #expect(
            unsent.backendFailed(responseBytes: false, nothingSent: true, .connectionClosed)
                == [.closeBackend, .holdRequestBody, .pickBackend])
    }

    @Test func nothingIsSentAgainOnceItMayHaveBeenSeen() {
        var body = awaiting(reused: true)
        body.requestBodyPassed()
        #expect(
            body.backendFailed(responseBytes: false, nothingSent: false, .connectionClosed) == [
                .closeBackend, .sendFailure,
            ])
        var begun = awaiting(reused: true)
        #expect(
            begun.backendFailed(responseBytes: true, nothingSent: false, .connectionClosed) == [
                .closeBackend, .sendFailure,
            ])
    }

    @Test func idempotentRequestIsSentOnceMoreInAllAfterAFreshConnectionBroke() {
        var exchange = awaiting(reused: false)
        for _ in 0..<ProxyExchange.maximumRepeatsAfterFresh {
            #expect(
                exchange.backendFailed(responseBytes: false, nothingSent: false, .connectionClosed)
                    == [.closeBackend, .holdRequestBody, .pickBackend])
            _ = exchange.picked(reused: false)
            #expect(exchange.connected() == [.sendHead, .readRequestBody])
        }
        #expect(
            exchange.backendFailed(responseBytes: false, nothingSent: false, .connectionClosed)
                == [.closeBackend, .sendFailure])
    }

    @Test func idempotentRequestLeavesASilentBackendOnce() {
        var exchange = awaiting(reused: true)
        #expect(exchange.backendFellSilent(responseBytes: false) == [.closeBackend, .holdRequestBody, .pickBackend])
        _ = exchange.picked(reused: false)
        #expect(exchange.backendFellSilent(responseBytes: false) == [])
        _ = exchange.connected()
        // What silences a replica shall not silence them all.
        #expect(exchange.backendFellSilent(responseBytes: false) == [])
        #expect(exchange.timedOut() == [.closeBackend, .sendFailure])
        #expect(exchange.failure?.status == .gatewayTimeout)
    }

    @Test func requestThatASilentBackendMayHaveActedOnStays() {
        var post = ProxyExchange()
        _ = post.begin(isIdempotent: false)
        _ = post.picked(reused: true)
        #expect(post.backendFellSilent(responseBytes: false) == [])
        var answered = awaiting(reused: true)
        #expect(answered.backendFellSilent(responseBytes: true) == [])
        var uploaded = awaiting(reused: true)
        uploaded.requestBodyPassed()
        #expect(uploaded.backendFellSilent(responseBytes: false) == [])
    }

    @Test func requestThatKillsItsReplicaOnAKeptConnectionDoesNotKillThemAll() {
        var exchange = awaiting(reused: true)
        for _ in 1..<ProxyExchange.maximumSendings {
            #expect(
                exchange.backendFailed(responseBytes: false, nothingSent: false, .connectionClosed)
                    == [.closeBackend, .holdRequestBody, .pickBackend])
            #expect(exchange.picked(reused: true) == [.sendHead, .readRequestBody])
        }
        #expect(
            exchange.backendFailed(responseBytes: false, nothingSent: false, .connectionClosed)
                == [.closeBackend, .sendFailure])
    }

    @Test func deathOfAReplicaWithKeptConnectionsIsNotSeenByAGet() {
        // Its kept connection breaks, the new one is refused, the other replica's is fresh.
        var exchange = awaiting(reused: true)
        _ = exchange.backendFailed(responseBytes: false, nothingSent: false, .connectionClosed)
        _ = exchange.picked(reused: false)
        #expect(
            exchange.backendFailed(responseBytes: false, nothingSent: true, .cannotConnect)
                == [.closeBackend, .holdRequestBody, .pickBackend])
        #expect(exchange.picked(reused: false) == .holdRequestBody)
        #expect(exchange.connected() == [.sendHead, .readRequestBody])
    }

    /// Body bytes on a connection that is being made would go out in front of the head, as a request of their own.
    @Test func bodyIsHeldOnEachWayToAConnectionThatIsNotMade() {
        var retried = awaiting(reused: true)
        let again = retried.backendFailed(responseBytes: false, nothingSent: false, .connectionClosed)
        #expect(again.contains(.holdRequestBody))
        #expect(!retried.takesBody)
        #expect(retried.picked(reused: false).contains(.holdRequestBody))
        #expect(!retried.takesBody)
        #expect(retried.backendRemoved().contains(.holdRequestBody))
        #expect(!retried.takesBody)
        var waiting = awaiting(reused: true)
        _ = waiting.backendFailed(responseBytes: false, nothingSent: true, .connectionClosed)
        _ = waiting.picked(reused: false)
        #expect(waiting.connected().contains(.readRequestBody))
        #expect(waiting.takesBody)
    }

    @Test func backendThatIsRemovedWhileItIsBeingConnectedCountsAsNoFailure() {
        var exchange = ProxyExchange()
        _ = exchange.begin(isIdempotent: false)
        _ = exchange.picked(reused: false)
        #expect(exchange.backendRemoved() == [.closeBackend, .holdRequestBody, .pickBackend])
        #expect(exchange.nonePicked(.none) == [.holdRequestBody, .waitForBackend])
        #expect(exchange.backendRemoved() == [])
    }

    @Test func processWithoutDescriptorsAnswersThatItIsBusy() {
        var exchange = ProxyExchange()
        _ = exchange.begin(isIdempotent: true)
        #expect(exchange.localFailure() == .sendFailure)
        #expect(exchange.failure?.status == .serviceUnavailable)
        #expect(exchange.failure?.retryAfterSeconds == ProxyExchange.retryAfterSeconds)
        #expect(exchange.isIdle)
    }

    /// All replicas may have died in the same moment: they are tried again once they may have been started anew.
    @Test func whenEachBackendHasFailedTheRequestWaitsForThemOnceThenTheClientHears() {
        var exchange = ProxyExchange()
        _ = exchange.begin(isIdempotent: false)
        for recovery in 0...ProxyExchange.maximumRecoveries {
            for _ in 0..<2 {
                _ = exchange.picked(reused: false)
                #expect(
                    exchange.backendFailed(responseBytes: false, nothingSent: true, .cannotConnect)
                        == [.closeBackend, .holdRequestBody, .pickBackend])
            }
            if recovery == ProxyExchange.maximumRecoveries { break }
            #expect(exchange.nonePicked(.allTried) == [.holdRequestBody, .waitForRecovery])
            #expect(exchange.timedOut() == .pickBackend)
        }
        #expect(exchange.nonePicked(.allTried) == .sendFailure)
        #expect(exchange.failure == .cannotConnect)
        #expect(exchange.isIdle)
    }

    @Test func aBackendThatComesWhileTheOthersAreWaitedForIsUsedAtOnce() {
        var exchange = awaiting(reused: true)
        _ = exchange.backendFailed(responseBytes: false, nothingSent: false, .connectionFailed)
        #expect(exchange.nonePicked(.allTried) == [.holdRequestBody, .waitForRecovery])
        #expect(exchange.backendsChanged() == .pickBackend)
        #expect(exchange.picked(reused: false) == .holdRequestBody)
        #expect(exchange.connected() == [.sendHead, .readRequestBody])
    }

    /// The babysitter may take the dead ones away before it has others: then the request waits as any other.
    @Test func backendsThatVanishAfterTheyHaveFailedAreWaitedForAsIfThereHadBeenNone() {
        var exchange = ProxyExchange()
        _ = exchange.begin(isIdempotent: false)
        _ = exchange.picked(reused: false)
        _ = exchange.backendFailed(responseBytes: false, nothingSent: true, .cannotConnect)
        _ = exchange.nonePicked(.allTried)
        #expect(exchange.timedOut() == .pickBackend)
        #expect(exchange.nonePicked(.none) == [.holdRequestBody, .waitForBackend])
        #expect(exchange.timedOut() == .sendFailure)
        #expect(exchange.failure?.status == .serviceUnavailable)
    }

    @Test func withTooManyWaitingAFailureIsToldAtOnce() {
        var exchange = ProxyExchange()
        _ = exchange.begin(isIdempotent: false)
        _ = exchange.picked(reused: false)
        _ = exchange.backendFailed(responseBytes: false, nothingSent: true, .cannotConnect)
        #expect(exchange.nonePicked(.allTried, mayWait: false) == .sendFailure)
        #expect(exchange.failure?.status == .badGateway)
    }

    @Test func attemptsAreBounded() {
        var exchange = ProxyExchange()
        _ = exchange.begin(isIdempotent: true)
        for _ in 0...ProxyExchange.maximumRecoveries {
            for attempt in 1...ProxyExchange.maximumAttempts {
                #expect(exchange.mayTry)
                _ = exchange.picked(reused: true)
                _ = exchange.backendFailed(responseBytes: false, nothingSent: true, .connectionClosed)
                #expect(exchange.mayTry == (attempt < ProxyExchange.maximumAttempts))
            }
            _ = exchange.nonePicked(.allTried)
            _ = exchange.timedOut()
        }
        #expect(exchange.isIdle)
    }

    @Test func withoutBackendsTheRequestWaitsForOneOrTheBound() {
        var lucky = ProxyExchange()
        _ = lucky.begin(isIdempotent: false)
        #expect(lucky.nonePicked(.none) == [.holdRequestBody, .waitForBackend])
        #expect(!lucky.takesBody)
        #expect(lucky.backendsChanged() == .pickBackend)
        #expect(lucky.picked(reused: true) == [.sendHead, .readRequestBody])
        #expect(lucky.backendsChanged() == [])
        var unlucky = ProxyExchange()
        _ = unlucky.begin(isIdempotent: false)
        _ = unlucky.nonePicked(.none)
        #expect(unlucky.timedOut() == .sendFailure)
        #expect(unlucky.failure?.status == .serviceUnavailable)
        #expect(unlucky.failure?.retryAfterSeconds == ProxyExchange.retryAfterSeconds)
    }

    @Test func timeOutIsAnErrorBeforeTheResponseAndACutAfter() {
        var silent = awaiting(reused: true)
        #expect(silent.timedOut() == [.closeBackend, .sendFailure])
        #expect(silent.failure?.status == .gatewayTimeout)
        var connecting = ProxyExchange()
        _ = connecting.begin(isIdempotent: false)
        _ = connecting.picked(reused: false)
        #expect(connecting.timedOut() == [.closeBackend, .holdRequestBody, .pickBackend])
        #expect(connecting.nonePicked(.allTried, mayWait: false) == .sendFailure)
        #expect(connecting.failure?.status == .gatewayTimeout)
        var begun = awaiting(reused: true)
        begun.responseBegan()
        #expect(begun.timedOut() == [.closeBackend, .abortClient])
    }

    @Test func truncatedResponseIsVisibleToTheClient() {
        var exchange = awaiting(reused: true)
        exchange.responseBegan()
        #expect(
            exchange.backendFailed(responseBytes: true, nothingSent: false, .connectionClosed)
                == [.closeBackend, .abortClient])
    }

    @Test func clientThatLeavesFreesTheBackend() {
        var exchange = awaiting(reused: true)
        #expect(exchange.clientGone() == .closeBackend)
        #expect(exchange.isIdle)
        #expect(exchange.clientGone() == [])
        // What the backend does later concerns nobody.
        #expect(exchange.backendFailed(responseBytes: false, nothingSent: false, .connectionClosed) == [])
    }
}

struct BackendTableTests {
    @Test func leastBusyIsPickedAndEqualsTakeTurns() throws {
        var table = BackendTable()
        let a = table.add()
        let b = table.add()
        let c = table.add()
        var picked: Set<BackendTable.ID> = []
        for _ in 0..<3 {
            let next = table.pick(now: 0).id
            let id = try #require(next)
            picked.insert(id)
            table.began(id)
        }
        #expect(picked == [a, b, c])
        table.ended(b)
        #expect(table.pick(now: 0).id == b)
        #expect(table.pick(excluding: [b, c], now: 0).id == a)
        #expect(table.pick(excluding: [a, b, c], now: 0).id == nil)
        #expect(table.inFlight(a) == 1)
    }

    @Test func aBackendTakesExactlyAsManyAsItMay() {
        var table = BackendTable(maximumInFlight: 2)
        let a = table.add()
        let b = table.add()
        for _ in 0..<4 {
            guard let id = table.pick(now: 0).id else {
                Issue.record("busy below the limit")
                return
            }
            table.began(id)
        }
        #expect(table.inFlight(a) == 2 && table.inFlight(b) == 2)
        #expect(table.pick(now: 0) == .busy)
        #expect(table.pick(excluding: [a], now: 0) == .busy)
        #expect(table.pick(excluding: [a, b], now: 0) == .none)
        table.ended(b)
        #expect(table.pick(now: 0).id == b)
        table.began(b)
        table.becameTunnel(a)
        #expect(table.pick(now: 0).id == a)
    }

    @Test func whereAllAreBusyARequestWaitsForRoomOrHearsSo() {
        var exchange = ProxyExchange()
        _ = exchange.begin(isIdempotent: false)
        #expect(exchange.nonePicked(.allBusy) == [.holdRequestBody, .waitForBackend])
        #expect(exchange.backendsChanged() == .pickBackend)
        #expect(exchange.nonePicked(.allBusy, mayWait: false) == .sendFailure)
        #expect(exchange.failure == .everyReplicaBusy)
        #expect(exchange.failure?.retryAfterSeconds == 1)
        // One that could not be connected is no reason to give up while another one is only busy.
        _ = exchange.begin(isIdempotent: false)
        _ = exchange.picked(reused: false)
        _ = exchange.backendFailed(responseBytes: false, nothingSent: true, .cannotConnect)
        #expect(exchange.nonePicked(.allBusy) == [.holdRequestBody, .waitForBackend])
        #expect(exchange.timedOut() == .sendFailure)
        #expect(exchange.failure?.status == .serviceUnavailable)
    }

    @Test func idleBackendsShareSequentialRequests() {
        var table = BackendTable()
        let ids = [table.add(), table.add()]
        var counts = [0, 0]
        for _ in 0..<10 {
            if let id = table.pick(now: 0).id, let index = ids.firstIndex(of: id) { counts[index] += 1 }
        }
        #expect(counts == [5, 5])
    }

    @Test func failedBackendIsAskedLastForAWhile() {
        var table = BackendTable()
        let a = table.add()
        let b = table.add()
        table.failed(a, now: 10)
        table.began(b)
        #expect(table.pick(now: 11).id == b)
        #expect(table.pick(excluding: [b], now: 11).id == a)
        #expect(table.pick(now: 10 + BackendTable.failureBackoff).id == a)
        table.failed(a, now: 10)
        table.succeeded(a)
        #expect(table.pick(now: 11).id == a)
    }

    @Test func aBackendThatMayHaveRecoveredGetsOneRequestUntilItAnswers() {
        var table = BackendTable()
        let a = table.add()
        let b = table.add()
        table.failed(a, now: 0)
        for _ in 0..<5 { table.began(b) }
        let due = BackendTable.failureBackoff
        #expect(table.pick(now: due).id == a)
        table.began(a)
        // It has the least in flight, and has not answered yet.
        for _ in 0..<5 { #expect(table.pick(now: due).id == b) }
        #expect(table.pick(excluding: [b], now: due).id == a)
        table.succeeded(a)
        #expect(table.pick(now: due).id == a)
    }

    @Test func aLongResponseOfABackendThatFailedOnceDoesNotKeepItFromBeingAskedAgain() {
        var table = BackendTable()
        let a = table.add()
        let b = table.add()
        // A stream that goes on all the time.
        table.began(a)
        for _ in 0..<5 { table.began(b) }
        table.failed(a, now: 0)
        #expect(table.pick(now: 1).id == b)
        #expect(table.pick(now: BackendTable.failureBackoff).id == a)
        // No answer within the time of a probe: the next one.
        #expect(table.pick(now: BackendTable.failureBackoff + 1).id == b)
        #expect(table.pick(now: 2 * BackendTable.failureBackoff).id == a)
    }

    @Test func eachFurtherFailureDoublesTheBackOffUpToABoundAndThoseTogetherCountOnce() {
        var table = BackendTable()
        let a = table.add()
        var now: UInt64 = 0
        for doubling in 0...BackendTable.maximumDoublings + 2 {
            // Three requests were under way.
            for later in 0..<3 { table.failed(a, now: now + UInt64(later)) }
            let backoff = BackendTable.failureBackoff << min(doubling, BackendTable.maximumDoublings)
            #expect(table.state(of: a, now: now + backoff - 1) == .backingOff)
            now += backoff
            #expect(table.state(of: a, now: now) == .failing)
        }
        table.succeeded(a)
        table.failed(a, now: now)
        #expect(table.state(of: a, now: now + BackendTable.failureBackoff) == .failing)
        var never = BackendTable(failureBackoff: .max)
        let b = never.add()
        for _ in 0..<3 { never.failed(b, now: .max - 1) }
        #expect(never.state(of: b, now: .max - 1) == .backingOff)
    }

    @Test func backendThatFailedBacksOffThenIsFailingUntilItAnswers() {
        var table = BackendTable()
        let a = table.add()
        #expect(table.state(of: a, now: 0) == .ready)
        table.failed(a, now: 10)
        #expect(table.state(of: a, now: 9 + BackendTable.failureBackoff) == .backingOff)
        #expect(table.state(of: a, now: 10 + BackendTable.failureBackoff) == .failing)
        table.succeeded(a)
        #expect(table.state(of: a, now: 11) == .ready)
        table.remove(a)
        #expect(table.state(of: a, now: 11) == .draining)
    }

    @Test func removedBackendIsNotPickedAndItsExchangesMayStillEnd() {
        var table = BackendTable()
        let a = table.add()
        table.began(a)
        table.remove(a)
        #expect(table.pick(now: 0).id == nil)
        table.ended(a)
        let b = table.add()
        #expect(b != a)
    }
}
