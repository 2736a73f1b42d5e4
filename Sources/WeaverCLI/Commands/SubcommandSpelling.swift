import ArgumentParser
import WeaverCore

/// Finds a misspelt subcommand before the parser calls it an unexpected argument, and names the one that was meant.
enum SubcommandSpelling {
    /// Throws a validation error for the first argument that stands where a subcommand belongs and is none.
    static func check(_ arguments: [String], of root: any ParsableCommand.Type) throws {
        var command = root
        for argument in arguments {
            let subcommands = command.configuration.subcommands
            if subcommands.isEmpty || argument.hasPrefix("-") || argument == "help" { return }
            guard let next = subcommands.first(where: { $0._commandName == argument }) else {
                throw ValidationError("unknown subcommand \"\(argument)\"" + suggestion(for: argument, below: command))
            }
            command = next
        }
    }

    /// Looks among the subcommands first, and then below them: for `weaver status` it is `multi status`.
    private static func suggestion(for argument: String, below command: any ParsableCommand.Type) -> String {
        let subcommands = command.configuration.subcommands
        let near = NearestName.suggestion(for: argument, among: subcommands.map { $0._commandName })
        if !near.isEmpty { return near }
        for subcommand in subcommands {
            let names = subcommand.configuration.subcommands.map { $0._commandName }
            if let name = NearestName.of(argument, among: names) {
                return "; did you mean \"\(subcommand._commandName) \(name)\"?"
            }
        }
        return ""
    }
}
