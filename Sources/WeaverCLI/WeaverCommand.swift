package import ArgumentParser

/// The command line, `weaver`.
package struct WeaverCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "weaver",
        abstract: "Runs applications that are written as components in one binary.",
        discussion: """
            The same binary runs as one process or as many; a config file says how.

              weaver new NAME                    a package to begin with
              weaver single deploy weaver.toml   everything in one process
              weaver multi deploy weaver.toml    components in processes of
                                                 their own, replicated and
                                                 restarted, behind a proxy
              weaver multi status                what runs, in which processes
              weaver multi metrics               what it has counted and timed
              weaver multi stop                  ends it, in order
              weaver check weaver.toml           what deploy checks first
              weaver callgraph BINARY            which component calls which
              weaver proxy                       the HTTP proxy alone, in
                                                 front of other servers
            """,
        version: VersionCommand.text,
        subcommands: [
            NewCommand.self, MultiCommand.self, SingleCommand.self, CheckCommand.self, CallgraphCommand.self,
            ProxyCommand.self, VersionCommand.self,
        ])

    package init() {}

    /// Parses the arguments and runs the command. Ends the process with 0, with 64 after wrong arguments, or with 1.
    package static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            try SubcommandSpelling.check(arguments, of: WeaverCommand.self)
            var command = try await asyncParseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            Failure.end(with: error, of: WeaverCommand.self)
        }
    }
}
