/// The whole application in one process.
package enum SingleProcess {
    /// Starts all components of `registry`, runs `serve()`, and gives the code to exit with once everything has
    /// stopped. `watching` gets the process as soon as it exists: the place to watch signals.
    package static func run(
        registry: ComponentRegistry, environment: SingleEnvironment,
        watching: (ApplicationProcess) async -> Void = { _ in }
    ) async -> Int32 {
        let components = Set(registry.records.keys)
        let host = ComponentHost(registry: registry, hosted: components, environment: environment)
        let process = ApplicationProcess(
            host: host, environment: environment, logger: environment.logger(for: ComponentRegistry.main))
        await watching(process)
        let starting = Task(executorPreference: environment.loop) {
            // A failure has been logged, and ends the process.
            try await process.start(Array(components))
            await process.serve()
        }
        let code = await process.exitCode()
        starting.cancel()
        return code
    }
}
