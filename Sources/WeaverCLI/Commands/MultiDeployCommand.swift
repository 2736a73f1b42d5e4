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
        let loop = try EventLoop()
        let deployment = try await MultiDeployment.prepare(config: config, loop: loop)
        try WorkingFolder.enter(deployment.config.config.directory)
        let banner = Banner.text(
            app: deployment.config.config.name, deployment: deployment.id, style: Terminal.style(of: STDOUT_FILENO))
        Terminal.put(banner, to: STDOUT_FILENO)
        let code = try await deployment.run(output: TerminalSink(descriptor: STDOUT_FILENO))
        if code != 0 { throw ArgumentParser.ExitCode(code) }
    }
}

/// Shows log entries as they come.
private struct TerminalSink: LogSink {
    private let descriptor: Int32
    private let printer: LogPrinter

    init(descriptor: Int32) {
        self.descriptor = descriptor
        printer = Terminal.logPrinter(for: descriptor)
    }

    func write(_ entry: LogEntry) {
        Terminal.put(printer.text(entry), to: descriptor)
    }

    func flush(within bound: Duration) async {}
}
