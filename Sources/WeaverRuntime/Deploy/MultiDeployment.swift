internal import WeaverCore
package import WeaverLoop

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif
#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A deployment of many processes on this machine, from its config to its end: what `weaver multi deploy` does.
///
///     let deployment = try await MultiDeployment.prepare(config: "weaver.toml", loop: loop)
///     // the banner: deployment.config.config.name, deployment.id
///     let code = try await deployment.run(output: sink)
package struct MultiDeployment: Sendable {
    /// The deployment's id, a UUID.
    package let id: String
    /// The config, checked against the binary.
    package let config: CheckedConfig
    /// What is started: the binary, its arguments and its whole environment.
    package let program: Envelope.Program
    private let loop: EventLoop
    private let registry: DeploymentRegistry
    private let environment: [String: String]

    /// How long what was logged may take to be written, after the deployment has ended. 2 s by default.
    package static let logFlushBound = Duration.seconds(2)

    /// Reads the config, asks the binary what it contains, and checks the one against the other. Nothing of the application
    /// has run when this returns. Throws ``ConfigError``, ``DescriptorProbe/Failure`` or ``PipeProtocolMismatch``.
    package static func prepare(
        config path: String, loop: EventLoop, environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws -> MultiDeployment {
        let config = try AppConfig.load(path)
        let program = Envelope.Program(
            executable: try config.executable(), arguments: config.arguments,
            environment: childEnvironment(environment, adding: config.environment))
        let descriptor = try await DescriptorProbe.describe(program, loop: loop)
        _ = try PipeProtocol.negotiate(
            deployer: PipeProtocol.supported, weavelet: descriptor.protocolVersions
        ).get()
        let checked = try config.check(against: descriptor)
        if descriptor.components.contains(where: \.hasConfig) {
            try checked.refuse(
                try await DescriptorProbe.describe(program, sections: checked.sections, loop: loop).configProblems)
        }
        return MultiDeployment(
            id: ReplicaInfo.freshIdentifier(), config: checked, program: program, loop: loop,
            registry: .ofUser(environment: environment), environment: environment)
    }

    /// Names that have a meaning between one deployer and its own processes only.
    private static let ownVariables: Set<String> = [
        EnvelopeClient.readVariable, EnvelopeClient.writeVariable, DescriptorProbe.variable,
        DescriptorProbe.sectionsVariable, DescriptorProbe.openVariable, Weaver.configVariable,
        DeploymentFiles.entryVariable, DeploymentFiles.socketVariable,
    ]

    /// This process's environment with what the config adds; of two values of one name the config's last one counts, and a
    /// process gets each name once.
    package static func childEnvironment(_ own: [String: String], adding added: [String]) -> [String] {
        var variables = own.filter { !ownVariables.contains($0.key) }
        for assignment in added {
            let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            variables[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        return variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }

    /// Runs the deployment until it has ended, and gives the exit code of the command. It ends by itself, by SIGINT, SIGTERM
    /// or SIGHUP, or when it is told to on its status socket; told a second time it ends at once. No process and no file is
    /// left. The log entries of all replicas, and the deployer's own, go to `output` in the order of their arrival.
    package func run(output: any LogSink) async throws -> Int32 {
        // First: what cannot be opened leaves nothing behind.
        let logFiles = AccessLogFiles()
        let accessLogs = try openAccessLogs(in: logFiles, output: output)
        let traces = try config.config.multiTelemetry.traces.map { try TraceFile($0) }
        // What others have left, and nobody has looked since.
        registry.sweep()
        let folder = try SocketFolder.make(environment: environment)
        let files = DeploymentFiles(entry: registry.path(of: id), socket: folder.socketPath)
        var program = program
        program.environment += files.environment
        var configuration = Deployer.Configuration(config, plan: config.plan, program: program, deployment: id)
        configuration.sockets = folder
        configuration.accessLogs = accessLogs
        configuration.traces = traces.map { ($0, config.config.multiTelemetry.tracesPerSecond) }
        let deployer = Deployer(loop: loop, configuration: configuration, sink: output)
        let control = try await DeploymentControl.open(loop: loop, deployer: deployer, folder: folder)
        var endpoint: MetricsEndpoint?
        let code: Int32
        do {
            if let address = config.config.multiTelemetry.metrics {
                endpoint = try await MetricsEndpoint.start(loop: loop, address: address) {
                    await deployer.currentMeasurements()
                }
            }
            let pid = getpid()
            try registry.register(
                .init(
                    app: config.config.name, deployment: id, pid: pid, socket: folder.socketPath,
                    started: ProcessIdentity.startTime(of: pid)))
            code = try await deployer.run()
        } catch {
            await close(control)
            throw error
        }
        await output.flush(within: Self.logFlushBound)
        await logFiles.flush(within: Self.logFlushBound)
        await traces?.flush(within: Self.logFlushBound)
        await endpoint?.close()
        await close(control)
        return code
    }

    private var listeners: Set<String> { Set(config.plan.groups.flatMap(\.listeners)) }

    /// The access logs of the listeners that have one; without a file their lines are log entries.
    private func openAccessLogs(in files: AccessLogFiles, output: any LogSink) throws -> [String: AccessLog] {
        var logs: [String: AccessLog] = [:]
        for listener in listeners {
            logs[listener] = try files.log(config.config.proxyOptions(of: listener)) { line in
                output.write(
                    LogEntry(
                        time: WallClock.microseconds, level: .info, component: listener, replica: "", message: line))
            }
        }
        return logs
    }

    private func close(_ control: DeploymentControl) async {
        registry.unregister(deployment: id)
        await control.close()
    }
}

/// Where others reach a deployment that runs: signals and the status socket.
private final class DeploymentControl: @unchecked Sendable {
    // @unchecked: everything mutable belongs to the loop's thread.

    private let loop: EventLoop
    private var server: StatusServer?
    private var signals: [SignalSource] = []

    /// Takes over `folder`, also when it throws.
    static func open(
        loop: EventLoop, deployer: Deployer, folder: SocketFolder
    ) async throws -> DeploymentControl {
        do {
            return try await loop.run { try DeploymentControl(loop: loop, deployer: deployer, folder: folder) }
        } catch let error as EventLoop.Ended {
            folder.remove()
            throw error
        }
    }

    private init(loop: EventLoop, deployer: Deployer, folder: SocketFolder) throws(UVError) {
        self.loop = loop
        let began = loop.now
        let server = try StatusServer(
            loop: loop, folder: folder,
            status: { deployer.status(began: began, processID: getpid(), of: deployer.babysitter) },
            routing: { answer in
                deployer.collectLoad {
                    answer(deployer.status(began: began, processID: getpid(), of: $0, withRouting: true))
                }
            },
            stop: { deployer.stop() })
        server.metrics = { deployer.measurements() }
        server.restart = { deployer.restart(component: $0, onProgress: $1) }
        self.server = server
        do throws(UVError) {
            for signal in EndingSignals.all {
                signals.append(try SignalSource(loop: loop, signal: signal) { _ in deployer.stop() })
            }
        } catch {
            closeAll()
            throw error
        }
    }

    func close() async {
        try? await loop.run { [self] in closeAll() }
    }

    private func closeAll() {
        for signal in signals { signal.close() }
        signals = []
        server?.close()
        server = nil
    }
}
