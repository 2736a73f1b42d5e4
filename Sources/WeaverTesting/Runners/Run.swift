internal import WeaverRuntime

/// An application that a test runs, with all its components started.
protocol Run: Sendable {
    /// What refs to its components hold, by interface.
    var references: [ObjectIdentifier: any Sendable] { get }
    /// The addresses at which its listeners are reached, by name.
    var listenerAddresses: [String: String] { get async }

    /// Ends it, and returns when nothing of it is left; it takes its time also when the caller is cancelled.
    func stop() async
}

extension WeaverRunner {
    /// Starts `application`.
    ///
    /// - Throws: ``WeaverTestError/start(reason:log:)``, with nothing left of it; `CancellationError`.
    func start(_ application: TestApplication, log: TestLog, timeout: Duration) async throws -> any Run {
        do {
            return switch self {
            case .local: try await LocalRun.start(application, log: log, timeout: timeout)
            case .rpc, .multi:
                try await DeployedRun.start(
                    application, inProcesses: self == .multi, log: log, timeout: timeout)
            }
        } catch let failure as StartGate.Failure {
            throw WeaverTestError.start(reason: failure.reason, log: log.end(TestLog.linesInErrors))
        }
    }
}
