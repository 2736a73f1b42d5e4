import ArgumentParser
import WeaverRuntime

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// How a command that failed ends: one clear line on the standard error, and the exit code that belongs to it.
enum Failure {
    /// Ends the process because of `error`.
    ///
    /// Wrong arguments (64, with the usage), requests for help (0) and exit codes are the parser's matter; everything
    /// else is `weaver: ` and the error's description, and 1.
    static func end(with error: any Error, of command: any ParsableCommand.Type) -> Never {
        if isParsersMatter(error, of: command) {
            command.exit(withError: error)
        }
        Terminal.put(line(for: error), to: STDERR_FILENO)
        exit(code(of: error))
    }

    /// The exit code for an error of our own: as a shell has it for what a signal has ended, and 1 for the rest.
    static func code(of error: any Error) -> Int32 {
        (error as? DescriptorProbe.Interrupted).map { 128 + $0.signal } ?? EXIT_FAILURE
    }

    /// The line that tells of an error.
    static func line(for error: any Error) -> String {
        "weaver: \(error)\n"
    }

    private static func isParsersMatter(_ error: any Error, of command: any ParsableCommand.Type) -> Bool {
        error is ArgumentParser.ExitCode || error is CleanExit || error is ValidationError
            || command.exitCode(for: error) != .failure
    }
}
