package import Logging
package import WeaverLoop

/// What a ``ComponentHost`` needs from the process that it is in: the difference between a single process and a
/// process of a deployment.
package protocol HostEnvironment: Sendable {
    /// Which process this is.
    var replica: ReplicaInfo { get }
    /// The loop that components run on.
    var loop: EventLoop { get }
    /// The loops between which calls within the process may go; the one that components run on is the first.
    var loops: EventLoops { get }
    /// The config sections of the components.
    var sections: ConfigSections { get }
    /// What the process measures and records.
    var telemetry: Telemetry { get }

    /// The logger of a component.
    func logger(for component: String) -> Logger
    /// How calls of this process reach a component by RPC; nil where they go to the implementation in this process.
    /// Asks for the component to be started, where somebody else has to.
    func client(of record: ImplementationRecord) async throws -> ComponentClient?
    /// Binds the listener of that name.
    func listen(_ name: String) async throws -> WeaverListener
    /// Tells whom it concerns that `listener`, of `component`, takes connections.
    func export(_ listener: WeaverListener, of component: String) async throws
    /// `implementation` takes calls from now on.
    func didStart(_ record: ImplementationRecord, _ implementation: any Implementation) async
    /// Refuses new calls of other processes; returns when those that run have ended.
    func drainCalls() async
    /// Cancels those that run; nobody gets an answer any more.
    func cancelCalls() async
    /// The process ends by its own will: because `serve()` has returned (`completed`), or for another reason.
    func leaving(completed: Bool)
}

extension HostEnvironment {
    package var loops: EventLoops { EventLoops(loop) }
}
