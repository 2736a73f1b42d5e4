import ArgumentParser
import FoundationEssentials
import WeaverLoop
import WeaverRuntime

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// `weaver multi restart [--component NAME] [deployment]`
struct MultiRestartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Replaces the processes of a deployment one after another, while it serves.",
        discussion: """
            For each replica a new process is started first. When it takes calls,
            answers, and has lived for a second, the old one gets no more work,
            finishes what it has, stops its components and ends. No request fails.

            With --component only the processes that host it are replaced. Its
            module may be left out where the name is unique.

            A new process that does not get ready within a minute ends the
            restart with exit code 1; the old ones serve on. To interrupt this
            command does not end the restart.

            A deployment is named by its id, the beginning of it, or the name of
            its application. Without a name, the only one that runs is meant.
            """)

    @Option(help: "Replace only the processes that host this component.", completion: RunningNames.components)
    var component: String?

    @Argument(
        help: "The deployment: its id, the beginning of it, or its application.", completion: RunningNames.deployments)
    var deployment: String?

    func run() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let registry = DeploymentRegistry.ofUser(environment: ProcessInfo.processInfo.environment)
        let running = await registry.list(loop: loop)
        let entry = try DeploymentChoice.choose(deployment, among: running.map(\.entry))
        let status = running.first { $0.entry == entry }?.status
        let name = try component.map { name in
            try ComponentChoice.choose(name, among: status?.groups.flatMap(\.components) ?? [])
        }
        let end = try await StatusClient(loop: loop).restart(socket: entry.socket, component: name) { progress in
            if progress.outcome != .failed { Terminal.put(progress.text + "\n", to: STDOUT_FILENO) }
        }
        if end.outcome == .failed { throw RestartFailure(description: end.text) }
    }
}

/// Finds the component that somebody means.
enum ComponentChoice {
    /// The full name of the component that is called `name`; a name is found as in the config.
    static func choose(_ name: String, among components: [String]) throws -> String {
        let names = ComponentNames(components)
        switch names.meaning(of: name) {
        case .component(let full): return full
        case .ambiguous(let candidates):
            throw RestartFailure(
                description: "\"\(name)\" may be \(candidates.joined(separator: " or ")): write it in full")
        case .unknown:
            throw RestartFailure(description: "unknown component \"\(name)\"\(names.advice(for: name))")
        }
    }
}

/// Why there was no restart, or not the whole of it.
struct RestartFailure: Error, Equatable, CustomStringConvertible {
    var description: String
}
