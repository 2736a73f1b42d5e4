import Testing

@testable import WeaverCore

@Suite struct PolicyTests {
    @Test func `backoff grows to its bound, jitter only shortens, and success starts it again`() {
        var backoff = Backoff()
        var last = Duration.zero
        for _ in 0..<50 {
            let wait = backoff.next(random: 0)
            #expect(wait >= last)
            last = wait
        }
        #expect(last == backoff.maximum)
        let jittered = backoff.next(random: 40)
        #expect(jittered == backoff.maximum * 60 / 100)
        backoff.reset()
        #expect(backoff.next(random: 0) == backoff.initial)
    }

    @Test func `only what did not run, or may run twice, is made again`() {
        let policy = RetryPolicy()
        func allows(_ code: CallError.Code, mayHaveRun: Bool, isIdempotent: Bool, attempt: Int = 1) -> Bool {
            policy.allowsRetry(
                after: CallError(code, "", mayHaveRun: mayHaveRun), attempt: attempt, isIdempotent: isIdempotent)
        }
        #expect(allows(.connectionLost, mayHaveRun: false, isIdempotent: false))
        #expect(allows(.connectionLost, mayHaveRun: true, isIdempotent: true))
        #expect(!allows(.connectionLost, mayHaveRun: true, isIdempotent: false))
        #expect(allows(.overloaded, mayHaveRun: false, isIdempotent: false))
        #expect(allows(.draining, mayHaveRun: false, isIdempotent: false))
        for code in [
            CallError.Code.deadlineExceeded, .cancelled, .badArguments, .badReply, .notPermitted, .versionMismatch,
            .unknownMethod, .frameTooLarge, .internalError,
        ] {
            #expect(!allows(code, mayHaveRun: false, isIdempotent: true), "\(code)")
        }
        #expect(!allows(.overloaded, mayHaveRun: false, isIdempotent: true, attempt: policy.maximumAttempts))
    }

    @Test func `what a component relays from a call of its own is not tried again by each tier above`() {
        for code in [CallError.Code.unreachable, .connectionLost, .overloaded, .draining] {
            let relayed = CallError(code, "below").relayed
            #expect(relayed.mayHaveRun)
            #expect(!RetryPolicy().allowsRetry(after: relayed, attempt: 1, isIdempotent: true), "\(code)")
        }
    }

    @Test func `re-sends are at most a share of the calls once the savings are gone`() {
        var budget = RetryBudget()
        var spent = 0
        while budget.spend() { spent += 1 }
        #expect(spent == RetryBudget.maximumRetries)
        spent = 0
        for _ in 0..<1000 {
            budget.earn()
            if budget.spend() { spent += 1 }
        }
        #expect(spent == 1000 / RetryBudget.callsPerRetry)
    }

    @Test func `savings have a bound`() {
        var budget = RetryBudget()
        for _ in 0..<100_000 { budget.earn() }
        #expect(budget == RetryBudget())
    }

    @Test func `the less busy of the two is picked, and all are equally likely to be looked at`() {
        var random: UInt64 = 1
        var picked = [Int](repeating: 0, count: 4)
        for _ in 0..<40_000 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let mixed = random ^ (random >> 29) &* 0x9e37_79b9_7f4a_7c15
            if let index = Balancer.pick(count: 4, random: mixed, load: { $0 == 3 ? 100 : 1 }) { picked[index] += 1 }
        }
        #expect(picked[3] == 0)
        for index in 0..<3 { #expect((11_000..<16_000).contains(picked[index]), "\(picked)") }
    }

    @Test(arguments: [0, 1, .max, 0xffff_ffff, 0x8000_0000_7fff_ffff] as [UInt64])
    func `a pick is never out of range and never the excluded one`(_ random: UInt64) {
        #expect(Balancer.pick(count: 0, random: random) { _ in 0 } == nil)
        #expect(Balancer.pick(count: 1, excluding: 0, random: random) { _ in 0 } == 0)
        for count in 2...5 {
            for excluded in 0..<count {
                let index = Balancer.pick(count: count, excluding: excluded, random: random) { _ in 0 }
                #expect(index != excluded && (0..<count).contains(index ?? -1))
            }
        }
    }

    @Test func `methods that differ in labels or types have different keys`() {
        let signatures = ["M.P/f(a:)(Int)->Int", "M.P/f(b:)(Int)->Int", "M.P/f(a:)(Int8)->Int", "M.P/f(a:)(Int)->Void"]
        #expect(Set(signatures.map(MethodKey.init(signature:))).count == signatures.count)
        #expect(MethodKey(rawValue: 0xab).description == "00000000000000ab")
    }
}
