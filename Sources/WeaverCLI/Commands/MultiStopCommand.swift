import ArgumentParser
import FoundationEssentials
import WeaverLoop
import WeaverRuntime

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// `weaver multi stop [deployment]`
struct MultiStopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Ends a deployment in order, and waits until it has ended.",
        discussion: """
            A deployment is named by its id, the beginning of it, or the name of
            its application. Without a name, the only one that runs is meant.
            """)

    /// How long a deployment may take to end before the command gives up waiting.
    static let bound = Duration.seconds(120)

    @Argument(
        help: "The deployment: its id, the beginning of it, or its application.", completion: RunningNames.deployments)
    var deployment: String?

    func run() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let registry = DeploymentRegistry.ofUser(environment: ProcessInfo.processInfo.environment)
        let entries = await registry.list(loop: loop).map(\.entry)
        let entry = try DeploymentChoice.choose(deployment, among: entries)
        try await StatusClient(loop: loop).stop(socket: entry.socket, bound: Self.bound)
        Terminal.put("stopped \(entry.app) \(entry.deployment)\n", to: STDOUT_FILENO)
    }
}

/// Finds the deployment that somebody means.
enum DeploymentChoice {
    /// The one whose id begins with `name` or whose application is called so; the only one when there is no name.
    static func choose(
        _ name: String?, among entries: [DeploymentRegistry.Entry]
    ) throws -> DeploymentRegistry.Entry {
        let matching = entries.filter { $0.deployment.hasPrefix(name?.lowercased() ?? "") || $0.app == name }
        if matching.count == 1 { return matching[0] }
        let known = entries.map { "\($0.app) \($0.deployment)" }.joined(separator: ", ")
        if entries.isEmpty { throw DeploymentChoiceError(description: "no deployment is running") }
        if let name {
            let problem = matching.isEmpty ? "no deployment is" : "several deployments are"
            throw DeploymentChoiceError(
                description: "\(problem) called \"\(name)\", by application or beginning of the id; running: \(known)")
        }
        throw DeploymentChoiceError(description: "name the deployment that is meant; running: \(known)")
    }
}

/// No deployment, or more than one, is meant.
struct DeploymentChoiceError: Error, Equatable, CustomStringConvertible {
    var description: String
}
