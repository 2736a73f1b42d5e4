import ArgumentParser
import FoundationEssentials
import WeaverCore
import WeaverLoop
import WeaverRuntime

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// `weaver multi metrics [--format FORMAT] [--json] [deployment]`
struct MultiMetricsCommand: AsyncParsableCommand {
    /// How metrics are printed.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json, prometheus
    }

    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Shows what the running deployments have counted and timed.",
        discussion: """
            Counters, histograms and timers are sums over all replicas, those
            that have ended included; gauges are shown for the replicas that
            run. Replicas report every second.

            Besides the application's own metrics there are the runtime's:
            component calls by method (of latencies one call in 64 is timed),
            and requests of each listener and backend.

            A deployment is named by its id, the beginning of it, or the name of
            its application. Without a name, all are shown.
            """)

    @Option(help: "How to print: \(Format.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format = Format.table

    @Flag(help: "The same as --format json.")
    var json = false

    @Argument(
        help: "The deployment: its id, the beginning of it, or its application.", completion: RunningNames.deployments)
    var deployment: String?

    func run() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let registry = DeploymentRegistry.ofUser(environment: ProcessInfo.processInfo.environment)
        var entries = await registry.list(loop: loop).map(\.entry)
        if let deployment { entries = [try DeploymentChoice.choose(deployment, among: entries)] }
        let client = StatusClient(loop: loop)
        var measured: [MeasuredDeployment] = []
        var isWhole = true
        for entry in entries {
            do throws(StatusError) {
                measured.append(try await client.metrics(socket: entry.socket))
            } catch {
                isWhole = false
                Terminal.put("weaver: \(entry.app) \(entry.deployment): \(error)\n", to: STDERR_FILENO)
            }
        }
        // Where one does not answer, "no deployment is running" would be a lie.
        if isWhole || !measured.isEmpty { Terminal.put(try text(measured), to: STDOUT_FILENO) }
        if !isWhole { throw ArgumentParser.ExitCode.failure }
    }

    private func text(_ measured: [MeasuredDeployment]) throws -> String {
        switch json ? .json : format {
        case .table: MetricTables(measured).rendered(style: Terminal.style(of: STDOUT_FILENO))
        case .json: try MetricsDocument(measured).json()
        case .prometheus: PrometheusText(of: measured).text
        }
    }
}
