internal import CWeaverSection
internal import Logging
internal import WeaverCore
internal import WeaverLoop

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

/// The entrance of an application.
public enum Weaver {
    /// The environment variable with the path of the config, for a single process.
    package static let configVariable = "WEAVER_CONFIG"
    /// The environment variable that asks the binary to describe itself; see ``DescriptorProbe``.
    package static let describeVariable = DescriptorProbe.variable

    /// Runs the application, and ends the process when it is over.
    ///
    /// Started by a deployer, the process hosts the components that the deployer names; started by hand, all of them.
    /// Everything that is linked in takes part by itself. `components` names those that are not found that way because
    /// they are in a shared library, or, in a program that has several applications, those to be run.
    ///
    ///     await Weaver.run(components: [App.self, Products.self])
    ///
    /// - Parameters:
    ///   - components: see above.
    ///   - backEnds: what the runtime becomes the back end of, where the program has not bootstrapped something else before. One
    ///     that has bootstrapped swift-log's `StreamLogHandler`, which cannot be told from none, leaves `.logging` out.
    public static func run(
        components: [any Implementation.Type] = [], bootstrapping backEnds: BackEnds = .all
    ) async -> Never {
        let code = await Launch(listed: components.map { $0.implementationRecord }, backEnds: backEnds).run()
        exit(code)
    }

    /// Runs this process as a replica of a deployment, with components that `choose` takes of the linked ones, and ends it
    /// when that is over: what a test's process does that another test's has started.
    package static func runReplica(
        choosing choose: @escaping @Sendable (LinkedRecords) throws -> ComponentRegistry
    ) async -> Never {
        let code = await Launch(listed: [], backEnds: .all, choose: choose).run()
        exit(code)
    }

    /// Whether `weaver` has started this process: as part of a deployment, to describe itself, or as the one process of
    /// `weaver single deploy`.
    ///
    /// For a service with a `main()` of its own, which goes on to do what it always did where this is false. It is asked
    /// before anything else, and before ``run(components:bootstrapping:)``:
    ///
    ///     if Weaver.isDeployed { await Weaver.run() }
    public static var isDeployed: Bool {
        let variables: [String] = [EnvelopeClient.readVariable, describeVariable, configVariable]
        return variables.contains { name in unsafe getenv(name) != nil }
    }
}

extension Main {
    // A main() that runs where its caller does is not accepted as an entry point by other modules.
    /// The `main()` of an application that is marked `@main @Implements(Main.self)`: see ``Weaver/run(components:bootstrapping:)``.
    @concurrent public static func main() async {
        await Weaver.run()
    }
}

/// One run of the process, from its environment to its exit code.
private struct Launch {
    let listed: [ImplementationRecord]
    /// What this process becomes the back end of.
    let backEnds: Weaver.BackEnds
    /// What is run; nil for what is listed, or linked.
    var choose: (@Sendable (LinkedRecords) throws -> ComponentRegistry)?

    /// Decides by the environment what this process is, and is that.
    func run() async -> Int32 {
        let linked = LinkedRecords.all
        let errors = linked.errors + (linked.implementations + listed).flatMap(\.component.errors)
        ErrorRegistry.shared.register(errors)
        if let descriptor = environment(Weaver.describeVariable) {
            return describe(to: descriptor, linked.implementations)
        }
        do {
            let collisions = ErrorRegistry.collisions(among: errors)
            guard collisions.isEmpty else { throw ComponentProblems(collisions) }
            ProcessLimits.raiseOpenFiles()
            ProcessLimits.keepFreedMemory()
            let registry =
                try choose?(linked) ?? ComponentRegistry(linked: linked.implementations, listed: listed)
            let loop = try EventLoop()
            if let descriptors = EnvelopeClient.descriptors() {
                return try await runWeavelet(descriptors, registry, loop)
            }
            return try await runSingle(registry, loop)
        } catch let error as ConfigError {
            complain("\(error)")
            return ExitCode.badConfiguration
        } catch {
            complain("\(error)")
            return ExitCode.failed
        }
    }

    private func describe(to text: String, _ linked: [ImplementationRecord]) -> Int32 {
        guard let descriptor = Int32(text) else {
            complain("\(Weaver.describeVariable)=\(text) names no descriptor")
            return ExitCode.failed
        }
        do {
            var description = try AppDescriptor(
                linked: linked, listed: listed, findsConfigKeys: environment(DescriptorProbe.openVariable) == nil)
            if let source = environment(DescriptorProbe.sectionsVariable).flatMap(Int32.init) {
                let bytes = try SmallFile.read(descriptor: source, limit: AppConfig.maximumSize * 2)
                description.tryConfig(try DescriptorCodec.decodeSections(bytes), of: linked + listed)
            }
            try description.write(to: descriptor)
            return 0
        } catch {
            complain("\(error)")
            return ExitCode.failed
        }
    }

    // MARK: In a deployment

    private func runWeavelet(
        _ descriptors: (read: Int32, write: Int32), _ registry: ComponentRegistry, _ loop: EventLoop
    ) async throws -> Int32 {
        // A child of this process that is a Weaver application too is not part of this deployment.
        unsafe unsetenv(EnvelopeClient.readVariable)
        unsafe unsetenv(EnvelopeClient.writeVariable)
        let orphan = Orphan(files: DeploymentFiles(environment: environment))
        unsafe unsetenv(DeploymentFiles.entryVariable)
        unsafe unsetenv(DeploymentFiles.socketVariable)
        weaver_print_lines_at_once()
        // From a thread that stays: the system forgets it with the thread that has asked.
        loop.execute { ProcessLimits.continueWhenParentDies() }
        let level = self.level
        let weavelet = try await Weavelet.start(
            descriptors: descriptors, registry: registry, loop: loop, level: level, telemetry: .ofProcess
        ) { sink, replica in
            bootstrap(sink, replica: replica.shortReplica)
        }
        try watch(loop, controlDescriptor: weavelet.controlDescriptor, components: registry.records.count) {
            orphan.end()
        }
        // Ctrl-C reaches the whole foreground group: the deployer decides what it means for this process.
        let code = await weavelet.run { $0.watchSignals(ending: [SIGTERM], ignored: [SIGINT]) }
        if code == ExitCode.controlClosed { orphan.end() }
        return code
    }

    // MARK: Alone

    private func runSingle(_ registry: ComponentRegistry, _ loop: EventLoop) async throws -> Int32 {
        let settings = try await singleSettings(registry, loop)
        let sink = try TerminalSink(descriptor: STDERR_FILENO)
        bootstrap(sink, replica: "")
        let loops = try EventLoops(loop, count: settings.loops)
        let traces = try settings.telemetry.traces.map { try TraceFile($0) }
        let replica = ReplicaInfo(alone: settings.application, group: registry.graph.constructionOrder)
        let environment = SingleEnvironment(
            settings: settings, replica: replica, loop: loop, level: level, sink: sink, telemetry: .ofProcess,
            otherLoops: Array(loops.all.dropFirst()))
        traces?.record(Telemetry.ofProcess.tracer, of: replica, tracesPerSecond: settings.telemetry.tracesPerSecond)
        if traces != nil, Telemetry.ofProcess.tracer.isSilenced {
            environment.logger(for: ComponentRegistry.main).notice("\(WeaverTracer.silence)")
        }
        var endpoint: MetricsEndpoint?
        if let address = settings.telemetry.metrics {
            endpoint = try await MetricsEndpoint.start(loop: loop, address: address) {
                Telemetry.ofProcess.own.measured(by: replica)
            }
        }
        for loop in loops.all { try watch(loop, controlDescriptor: nil) }
        let code = await SingleProcess.run(registry: registry, environment: environment) {
            $0.watchSignals(ending: [SIGINT, SIGTERM])
        }
        await endpoint?.close()
        // The sink has a thread of its own, which the exit would overtake.
        await sink.flush(within: EndBounds.flush)
        await traces?.flush(within: EndBounds.flush)
        return code
    }

    /// The config of a single process, checked down to the components' sections before anything is constructed.
    private func singleSettings(_ registry: ComponentRegistry, _ loop: EventLoop) async throws -> SingleSettings {
        guard let path = environment(Weaver.configVariable) ?? Self.localConfig else {
            return SingleSettings(application: Self.programName)
        }
        let config = try AppConfig.load(path)
        let checked = try config.check(against: try await description(loop))
        try checked.check(sectionsOf: registry)
        return SingleSettings(checked)
    }

    /// The config in the working folder, if there is one.
    private static var localConfig: String? {
        let name = "weaver.toml"
        return unsafe access(name, F_OK) == 0 ? name : nil
    }

    /// What this binary contains. A process of its own finds the keys of config sections, because that may trap; without
    /// one (on systems without /proc) any key may be valid.
    private func description(_ loop: EventLoop) async throws -> AppDescriptor {
        let itself = Envelope.Program(
            executable: "/proc/self/exe", arguments: Array(CommandLine.arguments.dropFirst()),
            environment: MultiDeployment.childEnvironment(ProcessInfo.processInfo.environment, adding: []))
        do {
            return try await DescriptorProbe.describe(itself, loop: loop)
        } catch is DescriptorProbe.Failure {
            return try AppDescriptor(linked: LinkedRecords.all.implementations, listed: listed, findsConfigKeys: false)
        }
    }

    // MARK: The process

    /// Makes the runtime the back end of what applications log, measure and trace with.
    private func bootstrap(_ sink: any LogSink, replica: String) {
        Telemetry.ofProcess.log.attach(sink)
        let level = self.level
        backEnds.bootstrap(.ofProcess) {
            WeaverLogHandler(component: $0, replica: replica, level: level, sink: sink)
        }
        if let problem = WeaverLogHandler.levelProblem(environment(WeaverLogHandler.levelVariable)) {
            Logger(label: "weaver") { WeaverLogHandler(component: $0, replica: replica, level: level, sink: sink) }
                .warning("\(problem)")
        }
    }

    private var level: Logger.Level {
        WeaverLogHandler.levelOfProcess
    }

    private func environment(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// Reports a blocked loop, and ends the process when its deployer is gone and the loop does not see it. Written to
    /// standard error, because the way over the pipe is the loop's.
    private func watch(
        _ loop: EventLoop, controlDescriptor: Int32?, components: Int = 1,
        onControlClosed: @escaping @Sendable () -> Void = {}
    ) throws {
        var limits = Watchdog.Limits()
        limits.orderlyEnd = EndBounds.shutdown(components: components)
        try Watchdog.start(
            loop: loop, limits: limits, controlDescriptor: controlDescriptor,
            onStall: { stall in
                complain("the event loop is blocked for \(stall.duration)\(stall.name.map { " by \($0)" } ?? "")")
            },
            onControlClosed: {
                onControlClosed()
                _exit(ExitCode.controlClosed)
            })
    }

    private static var programName: String {
        CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? "application"
    }
}

/// Says on standard error what went wrong.
private func complain(_ text: String) {
    Terminal.put("\(text)\n", to: STDERR_FILENO)
}
