import ArgumentParser
import WeaverCore
import WeaverLoop
import WeaverRuntime

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// `weaver check <config>`
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Checks a config against its binary, as a deployment does first, and starts nothing.",
        discussion: """
            What is wrong is shown with its line and the nearest right name.
            When nothing is, it prints what a deployment would consist of, and
            exits with 0.
            """)

    @Argument(help: "The config file, such as weaver.toml.", completion: .file(extensions: ["toml"]))
    var config: String

    func run() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let prepared = try await MultiDeployment.prepare(config: config, loop: loop)
        let text = CheckReport(prepared.config.plan, binary: prepared.program.executable)
            .rendered(style: Terminal.style(of: STDOUT_FILENO))
        Terminal.put(text, to: STDOUT_FILENO)
    }
}

/// What a deployment would consist of, for people.
struct CheckReport: Equatable, Sendable {
    private let plan: DeploymentPlan
    private let binary: String

    init(_ plan: DeploymentPlan, binary: String) {
        self.plan = plan
        self.binary = binary
    }

    /// A line, and the tables of groups and listeners.
    func rendered(style: TextStyle) -> String {
        let processes = plan.groups.reduce(0) { $0 + $1.replicas }
        let groups = Table(
            title: "GROUPS", columns: ["COMPONENTS", "REPLICAS", "CALLS", "LISTENERS"],
            rows: plan.groups.map { group in
                [
                    group.components.joined(separator: ", "), "\(group.replicas)",
                    Self.list(group.reachable.map { plan.routed.contains($0) ? "\($0) (routed)" : $0 }),
                    Self.list(group.listeners),
                ]
            })
        let names = Set(plan.groups.flatMap(\.listeners)).sorted()
        let listeners = Table(
            title: "LISTENERS", columns: ["LISTENER", "ADDRESS"],
            rows: names.map { [$0, plan.listeners[$0]?.description ?? "any free port of 127.0.0.1"] })
        return "\(plan.application): the config fits \(binary); \(processes) processes\n"
            + groups.rendered(style: style) + (names.isEmpty ? "" : listeners.rendered(style: style))
    }

    private static func list(_ names: [String]) -> String { names.isEmpty ? "-" : names.joined(separator: ", ") }
}
