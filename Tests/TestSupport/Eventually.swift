package import Testing

/// Waits until `condition` holds, for what another thread's or process's progress decides; an issue when it does not for
/// half a minute, which no machine is too busy for.
package func eventually(
    _ what: @autoclosure () -> String, sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    for _ in 0..<6000 {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("not in time: \(what())", sourceLocation: sourceLocation)
    throw NotInTime()
}

/// What a test ends with whose condition did not come.
package struct NotInTime: Error {}
