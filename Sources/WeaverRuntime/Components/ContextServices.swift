public import Logging

extension ComponentContext {
    /// The component's logger: what it logs carries the names of the component and of the replica.
    public var logger: Logger { resources.logger }

    /// Which process the component runs in, of which deployment.
    public var replica: ReplicaInfo { resources.replica }

    /// The context of a component that was made outside the runtime has a logger like any other of the application.
    static let unmanagedLogger = Logger(label: "weaver")
}
