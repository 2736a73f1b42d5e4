import WeaverRuntime

/// As little as a component's method can do.
@Component
protocol Counter: Sendable {
    func next(after number: Int) async throws -> Int
}

// Not marked @Implements: a component has one implementation, and here three are compared. That there are three is also
// what keeps the compiler from calling one of them directly; see Echo.swift.

struct StructCounter: Counter {
    func next(after number: Int) async throws -> Int { number + 1 }
}

final class ClassCounter: Counter {
    func next(after number: Int) async throws -> Int { number + 1 }
}

actor ActorCounter: Counter {
    func next(after number: Int) async throws -> Int { number + 1 }
}
