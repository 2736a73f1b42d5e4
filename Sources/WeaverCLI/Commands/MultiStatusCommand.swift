import ArgumentParser
import FoundationEssentials
import WeaverLoop
import WeaverRuntime

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// `weaver multi status [--backends] [--routing] [--json]`
struct MultiStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows the running deployments, their components, processes and listeners.",
        discussion: """
            With --json there is for each replica: component, pid, state
            (idle, starting, ready, unresponsive, draining, stopping, restarting,
            given up, stopped), restarts, address of its RPC server, and age in seconds.

            With --backends also what each listener's proxy and each of its backends
            has done: state (ready, draining, failing, backing off), requests in
            flight, requests and failures since the start, and the time from a
            request to its response of half of all and of 99 in 100. With --json it
            is always there.

            With --routing also which replica serves how many slices of each
            routed component, which share of the keys, and how many calls.

            Exits with 1 when a deployment that is there does not answer.
            """)

    @Flag(help: "Print JSON for scripts instead of tables for people.")
    var json = false

    @Flag(help: "Show also the backends of each listener, their requests and latencies.")
    var backends = false

    @Flag(help: "Show also who serves which keys of routed components, and their load.")
    var routing = false

    func run() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let registry = DeploymentRegistry.ofUser(environment: ProcessInfo.processInfo.environment)
        let running = await registry.list(loop: loop, withRouting: routing)
        for deployment in running where deployment.status == nil {
            let (id, pid) = (deployment.entry.deployment, deployment.entry.pid)
            Terminal.put("weaver: the deployment \(id) (process \(pid)) does not answer\n", to: STDERR_FILENO)
        }
        let document = StatusDocument(running.compactMap(\.status))
        // With one that does not answer, "no deployment is running" would be a lie.
        if document.deployments.isEmpty, !running.isEmpty, !json { throw ArgumentParser.ExitCode.failure }
        let text =
            try json
            ? document.json()
            : StatusTables(document).rendered(
                style: Terminal.style(of: STDOUT_FILENO), withBackends: backends)
        Terminal.put(text, to: STDOUT_FILENO)
        if running.contains(where: { $0.status == nil }) { throw ArgumentParser.ExitCode.failure }
    }
}
