internal import Synchronization
internal import WeaverLoop
internal import WeaverRuntime

/// The weavelets of a deployment that are in the test's process.
final class Residents: Sendable {
    private let loop: EventLoop
    private let registry: ComponentRegistry
    private let log: TestLog
    /// What the test has bootstrapped, for all of them as for all processes of an application.
    private let instrument = ForeignInstrument.bootstrapped
    private let tasks = Mutex([Task<Void, Never>]())

    /// None yet; they choose their components of `registry`, and share `loop`.
    init(loop: EventLoop, registry: ComponentRegistry, log: TestLog) {
        self.loop = loop
        self.registry = registry
        self.log = log
    }

    /// Starts one, as ``Envelope/Resident`` says.
    func start(_ descriptors: (read: Int32, write: Int32), _ ended: @escaping @Sendable (Int32) -> Void) {
        let task = Task.detached { [self] in ended(await run(descriptors)) }
        tasks.withLock { $0.append(task) }
    }

    /// Returns when all have ended.
    func waitForTheEnd() async {
        for task in tasks.withLock({ $0 }) { await task.value }
    }

    private func run(_ descriptors: (read: Int32, write: Int32)) async -> Int32 {
        do {
            let weavelet = try await Weavelet.start(
                descriptors: descriptors, registry: registry, loop: loop, level: WeaverLogHandler.levelOfProcess,
                telemetry: Telemetry(beside: instrument)
            ) { _, _ in }
            return await weavelet.run()
        } catch {
            log.note(.error, "\(error)")
            return ExitCode.failed
        }
    }
}
