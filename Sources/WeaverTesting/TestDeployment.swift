internal import WeaverRuntime

/// The application that the body of ``withWeaver(_:components:fakes:config:startTimeout:_:)`` tests.
public struct TestDeployment: Sendable {
    /// How long its components may take to start, where the test does not say. 60 s.
    public static let defaultStartTimeout = Duration.seconds(60)

    /// How it is run.
    public let runner: WeaverRunner
    private let run: any Run
    private let registry: ComponentRegistry
    private let ownLog: TestLog

    init(_ runner: WeaverRunner, _ run: any Run, _ registry: ComponentRegistry, _ log: TestLog) {
        self.runner = runner
        self.run = run
        self.registry = registry
        ownLog = log
    }

    /// The component with an interface, as a `@Ref` property would hold it: `try weaver.get((any Categories).self)`.
    ///
    /// It may be called from any thread until the body returns.
    ///
    /// - Throws: ``WeaverTestError/unknownInterface(_:)`` when nothing that runs has the interface.
    public func get<Interface: Sendable>(_ interface: Interface.Type) throws -> Interface {
        do {
            return try UnknownInterface.find(interface, in: run.references, of: registry)
        } catch {
            throw WeaverTestError.unknownInterface("\(error)")
        }
    }

    /// The address at which clients reach a listener, as `host:port`: any free port of 127.0.0.1, whatever the config says. It
    /// is the listener's own with ``WeaverRunner/local``, and its proxy's with the others. Nil where no component that runs has
    /// the listener.
    public func address(ofListener name: String) async -> String? { await run.listenerAddresses[name] }

    /// What the application has logged so far, one line for each entry, as far as it has arrived and is kept: the last 4 MiB.
    /// Of other processes it has also what they have printed.
    public var log: [String] { ownLog.lines }
}
