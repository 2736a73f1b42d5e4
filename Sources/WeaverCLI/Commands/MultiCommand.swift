import ArgumentParser

/// `weaver multi`: the commands for deployments of many processes on this machine.
struct MultiCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "multi",
        abstract: "Runs an application as many processes on this machine.",
        subcommands: [
            MultiDeployCommand.self, MultiStatusCommand.self, MultiMetricsCommand.self, MultiRestartCommand.self,
            MultiStopCommand.self,
        ])
}
