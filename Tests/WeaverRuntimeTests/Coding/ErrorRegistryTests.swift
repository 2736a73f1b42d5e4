import Synchronization
import Testing
import WeaverCore
import WeaverLoop
import WeaverRuntime

/// An error that says so through a protocol of the application.
protocol FruitError: Error {}

@Serializable
enum RottenError: FruitError, Equatable { case apple(Int) }

/// Looks like one to the macro, and is none.
protocol Fruit {}

@Serializable
struct Pear: Fruit { var ripe: Bool }

@Suite("errors that travel as themselves")
struct ErrorRegistryTests {
    private let registry = ErrorRegistry()

    init() { registry.register(LinkedRecords.all.errors) }

    /// Takes an error through both sides.
    private func trip(_ error: any Error) throws -> any Error {
        let received = Mutex<(any Error)?>(nil)
        let answer = Answer(registry: registry, ReplyReceiver { failure, _ in received.withLock { $0 = failure } })
        registry.fail(ServerCall(CallHead(id: 1, context: CallContext(), sink: answer)), throwing: error)
        return try #require(received.withLock { $0 })
    }

    @Test("private errors of one name in two files are not taken for each other")
    func sameName() throws {
        let (first, second) = (FirstSecrets(), SecondSecrets())
        #expect(first.isMine(try trip(first.make())))
        #expect(second.isMine(try trip(second.make())))
        let names = LinkedRecords.all.errors.map(\.name).filter { $0.hasSuffix("Secret") }
        #expect(
            Set(names)
                == ["Secrets", "OtherSecrets"].reduce(into: []) { $0.insert("WeaverRuntimeTests/\($1).swift/Secret") })
    }

    @Test("an error is known by the compiler, not by the word in its clause")
    func inherited() throws {
        #expect(try trip(RottenError.apple(1)) as? RottenError == .apple(1))
        #expect(!LinkedRecords.all.errors.contains { $0.name.hasSuffix("Pear") })
    }

    @Test("two types under one key are reported, one type under two names is not")
    func collisions() {
        let types = [
            ErrorType("one", ShopError.self), ErrorType("two", ShopError.self), ErrorType("one", StockError.self),
        ]
        let problems = ErrorRegistry.collisions(among: types)
        #expect(problems.count == 1)
        let text = problems.first?.description ?? ""
        #expect(text.contains("ShopError as one") && text.contains("StockError as one"))
        #expect(ErrorRegistry.collisions(among: LinkedRecords.all.errors).isEmpty)
    }
}
