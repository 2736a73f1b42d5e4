internal import Testing
public import WeaverRuntime

/// Runs the components of an application for `body`, and ends them when that returns, throws or is cancelled.
///
///     try await withWeaver(.local, fakes: [CategoriesFake()]) { weaver in
///         let shop = try weaver.get((any Shop).self)
///         #expect(try await shop.title(of: 1) == "Fruit")
///     }
///
/// When `body` begins, all components have started. When this returns nothing is left of them: no process, no socket, no
/// file. Any number of them may run beside each other.
///
/// - Parameters:
///   - runner: where the components run, and how they call each other.
///   - components: the implementations to run, with all that they have refs to; all that are linked when it is empty. A `Main`
///     among them is left out: the test has its place.
///   - fakes: objects that stand for components, each for those whose protocols it conforms to. They live in the test's
///     process, whatever the runner is. What only the implementations need that are replaced is not run.
///   - config: the text of a config in the form of `weaver.toml`. Addresses in it are not used.
///   - startTimeout: how long the components may take to start. 60 s by default.
///   - body: the test, in its own isolation. What it throws is thrown.
/// - Throws: what `body` throws; ``WeaverTestError`` and `ComponentProblems` for what keeps the application from running, the
///   same with each runner; `CancellationError` when the task is cancelled while components start.
@discardableResult
public func withWeaver<Result>(
    _ runner: WeaverRunner, components: [any Implementation.Type] = [], fakes: [any Sendable] = [],
    config: String = "", startTimeout: Duration = TestDeployment.defaultStartTimeout,
    _ body: (TestDeployment) async throws -> Result
) async throws -> Result {
    try runner.check()
    let application = try TestApplication(components: components, fakes: fakes, config: config)
    let log = TestLog()
    defer { keep(log, of: runner) }
    for warning in application.warnings { log.note(.warning, "\(warning)") }
    let run = try await runner.start(application, log: log, timeout: startTimeout)
    let result: Result
    do {
        result = try await body(TestDeployment(runner, run, application.registry, log))
    } catch {
        await run.stop()
        throw error
    }
    await run.stop()
    return result
}

/// Leaves the log with the test, which `swift test --attachments-path` writes to a file.
private func keep(_ log: TestLog, of runner: WeaverRunner) {
    let lines = log.lines
    guard Test.current != nil, !lines.isEmpty else { return }
    Attachment.record(lines.joined(separator: "\n") + "\n", named: "weaver-\(runner).log")
}
