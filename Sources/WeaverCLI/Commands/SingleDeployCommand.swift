import ArgumentParser
import WeaverLoop
import WeaverRuntime

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// `weaver single deploy <config>`
struct SingleDeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy",
        abstract: "Runs all components of the application in one process.",
        discussion: """
            The config is checked against the binary first; then the command
            becomes the application, which runs in the config's folder.
            """)

    @Argument(help: "The config file, such as weaver.toml.", completion: .file(extensions: ["toml"]))
    var config: String

    func run() async throws {
        let loop = try EventLoop()
        // The check is the same as for many processes, and tells what is wrong before anything starts.
        let prepared = try await MultiDeployment.prepare(config: config, loop: loop)
        loop.stop()
        let checked = prepared.config.config
        let file = checked.directory + "/" + (config.split(separator: "/").last.map(String.init) ?? config)
        try WorkingFolder.enter(checked.directory)
        var program = prepared.program
        program.environment.append("WEAVER_CONFIG=\(file)")
        throw become(program)
    }

    /// Replaces this process by the program; comes back only when that is not possible.
    private func become(_ program: Envelope.Program) -> BecomeError {
        let arguments = [program.executable] + program.arguments
        unsafe withCStrings(arguments) { arguments in
            unsafe withCStrings(program.environment) { environment in
                unsafe _ = execve(program.executable, arguments, environment)
            }
        }
        return unsafe BecomeError(description: "\(program.executable): \(String(cString: strerror(errno)))")
    }

    /// Lends `strings` as an array of C strings that a null pointer ends, as exec wants it.
    private func withCStrings(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Void) {
        let copies = unsafe strings.map { unsafe strdup($0) } + [nil]
        unsafe body(copies)
        unsafe copies.forEach { unsafe free($0) }
    }
}

/// The application could not be started.
struct BecomeError: Error, CustomStringConvertible {
    var description: String
}
