import ArgumentParser

/// The program: the command line of the benchmarks, or one side of what they measure.
@main
enum Program {
    static func main() async {
        if CommandLine.arguments.count > 1, WeaverPeer.roles.contains(CommandLine.arguments[1]) {
            await WeaverPeer.main()
        } else {
            await WeaverBench.main()
        }
    }
}

/// The command line of the benchmarks.
struct WeaverBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weaver-bench",
        abstract: "Measures Weaver for Swift. Numbers are reported, not judged.",
        subcommands: [
            CallCommand.self, LocalCommand.self, LoadCommand.self, DeployCommand.self, OverloadCommand.self,
            ProxyCommand.self, SingleCommand.self,
        ])
}
