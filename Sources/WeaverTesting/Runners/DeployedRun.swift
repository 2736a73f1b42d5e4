internal import Synchronization
internal import WeaverCore
internal import WeaverLoop
internal import WeaverRuntime

/// The application as a deployment, whose deployer is in the test's process, and so is the replica of its main component,
/// the test itself. The other replicas are processes, or weavelets of this one.
final class DeployedRun: Run {
    private let loop: EventLoop
    private let deployer: Deployer
    private let held: TestMain.References
    private let residents: Residents
    private let running: Task<Void, Never>

    private init(
        loop: EventLoop, deployer: Deployer, held: TestMain.References, residents: Residents, gate: StartGate
    ) {
        self.loop = loop
        self.deployer = deployer
        self.held = held
        self.residents = residents
        running = Task {
            do {
                gate.fail("the deployment has ended with code \(try await deployer.run())")
            } catch {
                gate.fail("the deployment cannot run: \(error)")
            }
        }
    }

    /// Starts all components; what cannot start leaves nothing.
    ///
    /// - Parameter inProcesses: whether groups get processes of their own; otherwise all are weavelets of this one.
    static func start(
        _ application: TestApplication, inProcesses: Bool, log: TestLog, timeout: Duration
    ) async throws -> DeployedRun {
        let held = TestMain.References()
        let main = TestMain.record(of: application.registry, held)
        let plan = try application.plan(main: main, inProcesses: inProcesses)
        let registry = try ComponentRegistry(linked: [], listed: Array(application.registry.records.values) + [main])
        // Nothing is started where all is in this process.
        let program =
            inProcesses ? try ReplicaManifest(application).program(of: application) : Envelope.Program(executable: "")
        var configuration = Deployer.Configuration(
            application.config, plan: plan, program: program, deployment: ReplicaInfo.freshIdentifier())
        // Later than the test's own bound, which says more.
        configuration.limits.start += timeout
        let gate = StartGate(expecting: Dictionary(uniqueKeysWithValues: plan.groups.map { ($0.name, $0.replicas) }))
        configuration.onStart = { setup, report in
            switch report {
            case .started: gate.started(setup.group[0])
            case .failed(let reason): gate.fail(reason)
            }
        }
        let loop = try EventLoop(name: "weaver-test")
        let residents = Residents(loop: loop, registry: registry, log: log)
        configuration.resident = { setup in
            let isHere =
                !inProcesses || !application.faked.union([ComponentRegistry.main]).isDisjoint(with: setup.group)
            return isHere ? residents.start : nil
        }
        let deployer = Deployer(loop: loop, configuration: configuration, sink: log)
        let run = DeployedRun(loop: loop, deployer: deployer, held: held, residents: residents, gate: gate)
        do {
            try await gate.wait(within: timeout) { gate.missing }
        } catch {
            await run.stop()
            throw error
        }
        return run
    }

    var references: [ObjectIdentifier: any Sendable] { held.all }
    var listenerAddresses: [String: String] { get async { await deployer.proxyAddresses() } }

    /// In a task of its own, as ``EmbeddedRuntime/stop()``.
    func stop() async { await Task { await end() }.value }

    private func end() async {
        held.set([:])
        deployer.stop()
        await running.value
        await residents.waitForTheEnd()
        await loop.end()
    }
}
