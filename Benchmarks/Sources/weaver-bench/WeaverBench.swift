import ArgumentParser

/// The command line of the benchmarks.
@main
struct WeaverBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weaver-bench",
        abstract: "Measures Weaver for Swift. Numbers are reported, not judged.",
        subcommands: [CallCommand.self, LocalCommand.self, LoadCommand.self, DeployCommand.self, ServeCommand.self])
}
