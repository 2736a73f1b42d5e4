public import WeaverLoop

/// A call that has been decoded by a server stub and is ready to run.
public struct Invocation: Sendable {
    /// Calls the method, then answers through the call that is given. The only allocation of a server stub.
    package let run: @Sendable (ServerCall) async -> Void
    /// The hash of the call's routing key, where its interface is routed: what the load of slices is counted by.
    package let routingKey: UInt64?

    /// A call whose method and answer are `run`. For generated code.
    public init(routingKey: UInt64? = nil, run: @escaping @Sendable (ServerCall) async -> Void) {
        self.run = run
        self.routingKey = routingKey
    }
}

extension ServerCall {
    /// Answers with the error that a component has thrown: as itself when its type is registered, else as
    /// ``RemoteError``. For generated code.
    public func fail(throwing error: any Error) {
        ErrorRegistry.shared.fail(self, throwing: error)
    }
}
