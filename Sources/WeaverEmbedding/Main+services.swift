public import Logging
public import ServiceLifecycle
public import WeaverRuntime

extension Main {
    /// Runs services that the team already has until the process is to end, and then shuts them down gracefully: what
    /// `serve()` of an application does that was a `ServiceGroup` before.
    ///
    ///     func serve() async throws {
    ///         try await run([server], logger: logger)
    ///     }
    ///
    /// The group handles no signals: the runtime does, or the deployer, and says so by cancelling `serve()`. Requests in
    /// flight then have the 10 s that the process has for its end. The services run on Swift's pool, as they would without
    /// the runtime, not on its loop.
    ///
    /// - Throws: what a service has thrown, which ends the process with an error.
    public func run(_ services: [any Service], logger: Logger) async throws {
        let group = ServiceGroup(services: services, logger: logger)
        // In a task of its own, which is not cancelled, since that would cut requests off, and has no preference for the loop.
        let run = Task { try await group.run() }
        try await withTaskCancellationHandler {
            try await run.value
        } onCancel: {
            Task { await group.triggerGracefulShutdown() }
        }
    }
}
