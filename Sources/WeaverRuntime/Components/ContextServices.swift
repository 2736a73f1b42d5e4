public import Logging

extension ComponentContext {
    /// The component's logger: what it logs carries the names of the component and of the replica.
    public var logger: Logger { resources.logger }

    /// Which process the component runs in, of which deployment.
    public var replica: ReplicaInfo { resources.replica }

    /// The component's section of the config, decoded: for an `init(context:)` that needs it before its `@Config`
    /// property can be read.
    ///
    /// A component has one section, so the property is found by its type, whatever its name is.
    ///
    /// - Throws: when no `@Config` property has that type, and in a component that was made outside the runtime.
    public func config<Value: Decodable & Sendable>(_ type: Value.Type) throws -> Value {
        guard let value = try resources.config(ConfigInfo("", type)) as? Value else {
            preconditionFailure("a config section was decoded as another type than \(type)")
        }
        return value
    }

    /// The context of a component that was made outside the runtime has a logger like any other of the application.
    static let unmanagedLogger = Logger(label: "weaver")
}
