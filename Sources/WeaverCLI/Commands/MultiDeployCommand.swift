import ArgumentParser
import WeaverCore
import WeaverLoop
import WeaverRuntime

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// `weaver multi deploy <config>`
struct MultiDeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy",
        abstract: "Starts a deployment, and shows the logs of its replicas until it ends.",
        discussion: """
            The config is checked against the binary first; a mistake in it is
            shown with its line, and nothing is started. The processes run in
            the config's folder.

            Ctrl-C (or SIGTERM, or "weaver multi stop") ends the deployment:
            requests in flight are finished, then the components stop. A second
            Ctrl-C does not wait. Exits with 0 when it ended in order.
            """)

    @Argument(help: "The config file, such as weaver.toml.", completion: .file(extensions: ["toml"]))
    var config: String

    func run() async throws {
        ProcessLimits.raiseOpenFiles()
        let loop = try EventLoop()
        let deployment = try await MultiDeployment.prepare(config: config, loop: loop)
        try WorkingFolder.enter(deployment.config.config.directory)
        let banner = Banner.text(
            app: deployment.config.config.name, deployment: deployment.id, style: Terminal.style(of: STDOUT_FILENO))
        let output = try TerminalSink(descriptor: STDOUT_FILENO)
        output.put { banner }
        let code = try await deployment.run(output: output)
        if code != 0 { throw ArgumentParser.ExitCode(code) }
    }
}
