import TestSupport
import Testing
import WeaverCore
import WeaverLoop
import WeaverRuntime

@Component
protocol Waiting: Sendable {
    /// Waits until it is cancelled.
    @Deadline(.milliseconds(20)) func short() async throws
    /// Waits until it is cancelled.
    func long() async throws
    /// What is left of the call's time, as the component sees it.
    func left() async throws -> Duration?
    /// The same of a method with a deadline of its own.
    @Deadline(.seconds(200)) func leftOfOwn() async throws -> Duration?
    func metadata() async throws -> [String: String]
}

@Implements(Waiting.self)
struct WaitingRoom: Waiting {
    func short() async throws { try await Task.sleep(for: .seconds(60)) }
    func long() async throws { try await Task.sleep(for: .seconds(60)) }
    func left() async throws -> Duration? { CallContext.current.deadline.map { $0 - EventLoop.now } }
    func leftOfOwn() async throws -> Duration? { try await left() }
    func metadata() async throws -> [String: String] { CallContext.current.metadata }
}

@Suite("deadlines and metadata", .timeLimit(.minutes(1)))
struct DeadlineTests {
    private func withWaiting(
        defaultDeadline: Duration = .seconds(30), _ body: (any Waiting) async throws -> Void
    ) async throws {
        try await withRemote(WaitingComponent.self, WaitingRoom.self, defaultDeadline: defaultDeadline) { link in
            try await body(link.reference)
        }
    }

    private func withLocal(_ body: (any Waiting) async throws -> Void) async throws {
        let record = WaitingRoom.implementationRecord
        try await withLoop { loop in
            let stub = record.localStub(
                try await ComponentContext.construct(WaitingRoom.self),
                LocalLink(info: record.component, loop: loop))
            try await body(try #require(stub as? any Waiting))
        }
    }

    private func expectExceeded(_ call: () async throws -> Void) async {
        let error = await #expect(throws: CallError.self) { try await call() }
        #expect(error?.code == .deadlineExceeded)
    }

    @Test("a method's own deadline ends a call to another process")
    func own() async throws {
        try await withWaiting { waiting in await expectExceeded { try await waiting.short() } }
    }

    @Test("a method's own deadline ends a call within the process")
    func ownLocal() async throws {
        try await withLocal { waiting in await expectExceeded { try await waiting.short() } }
    }

    @Test("the config's deadline ends a call that has no other")
    func byDefault() async throws {
        try await withWaiting(defaultDeadline: .milliseconds(20)) { waiting in
            await expectExceeded { try await waiting.long() }
            // A deadline of the method's or of the caller's stands in the place of the default.
            #expect(try #require(try await waiting.leftOfOwn()) > .seconds(20))
            let left = try await withCall(deadline: .seconds(1000)) { try await waiting.left() }
            #expect(try #require(left) > .seconds(20))
        }
    }

    @Test("of the caller's deadline and the method's the nearer counts")
    func ownAndCallers() async throws {
        try await withWaiting { waiting in
            await expectExceeded { try await withCall(deadline: .seconds(1000)) { try await waiting.short() } }
            let nearer = try await withCall(deadline: .seconds(100)) { try await waiting.leftOfOwn() }
            #expect(try #require(nearer) <= .seconds(100))
            let farther = try await withCall(deadline: .seconds(1000)) { try await waiting.leftOfOwn() }
            #expect(try #require(farther) <= .seconds(200))
        }
    }

    @Test("of nested deadlines the nearer counts, whichever is inside")
    func nested() async throws {
        func left(_ waiting: any Waiting, outer: Duration, inner: Duration?) async throws -> Duration {
            let left = try await withCall(deadline: outer) {
                try await withCall(deadline: inner) { try await waiting.left() }
            }
            return try #require(left)
        }
        try await withWaiting { waiting in
            let outside = try await left(waiting, outer: .seconds(100), inner: .seconds(1000))
            #expect(outside <= .seconds(100))
            let inside = try await left(waiting, outer: .seconds(1000), inner: .seconds(100))
            #expect(inside <= .seconds(100))
            let alone = try await left(waiting, outer: .seconds(1000), inner: nil)
            #expect(alone > .seconds(100))
        }
    }

    @Test("inner metadata is added to outer, a name that is there gets the new value, and it ends with the call")
    func metadata() async throws {
        func check(_ waiting: any Waiting) async throws {
            let (inner, outer) = try await withCall(metadata: ["a": "1", "b": "1"]) {
                let inner = try await withCall(metadata: ["b": "2", "c": "2"]) { try await waiting.metadata() }
                return (inner, try await waiting.metadata())
            }
            #expect(inner == ["a": "1", "b": "2", "c": "2"])
            #expect(outer == ["a": "1", "b": "1"])
            #expect(try await waiting.metadata() == [:])
        }
        try await withWaiting { try await check($0) }
        try await withLocal { try await check($0) }
    }
}
