import ArgumentParser

/// `weaver single`: the commands for an application in one process.
struct SingleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "single",
        abstract: "Runs an application as one process.",
        subcommands: [SingleDeployCommand.self])
}
