import Testing

@testable import WeaverTesting

@Suite(.timeLimit(.minutes(1)))
struct StartGateTests {
    @Test func `it opens when each replica of each group has started`() async throws {
        let gate = StartGate(expecting: ["a": 2, "b": 1])
        gate.started("a")
        gate.started("b")
        gate.started("c")
        #expect(gate.missing == ["a"])
        gate.started("a")
        gate.fail("too late")
        try await gate.wait(within: .seconds(600)) { [] }
    }

    @Test func `the first failure counts`() async {
        let gate = StartGate(expecting: ["a": 1])
        gate.fail("first")
        gate.fail("second")
        gate.started("a")
        let error = await #expect(throws: StartGate.Failure.self) {
            try await gate.wait(within: .seconds(600)) { [] }
        }
        #expect(error?.reason == "first")
    }

    @Test func `at the end of the time it says what is missing`() async {
        let gate = StartGate(expecting: ["a": 1, "b": 1])
        gate.started("a")
        let error = await #expect(throws: StartGate.Failure.self) {
            try await gate.wait(within: .milliseconds(1)) { gate.missing }
        }
        #expect(error?.reason == "b did not start within 0.001 seconds")
    }
}
