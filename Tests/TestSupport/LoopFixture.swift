package import Testing
package import WeaverLoop

/// Runs `body` with a loop of its own, stops it, and asserts that every handle was closed and freed.
package func withLoop<R>(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: (EventLoop) async throws -> R
) async throws -> R {
    let loop = try EventLoop(name: "test-loop")
    let result: R
    do {
        result = try await body(loop)
    } catch {
        loop.stop()
        throw error
    }
    loop.stop()
    #expect(loop.census.isBalanced, "\(loop.census)", sourceLocation: sourceLocation)
    return result
}

extension EventLoop {
    /// Runs `body` on the loop's thread and gives its result.
    package func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            execute { continuation.resume(with: Result { try body() }) }
        }
    }
}
