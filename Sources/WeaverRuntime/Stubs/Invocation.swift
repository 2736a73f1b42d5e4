/// A call that has been decoded by a server stub and is ready to run.
public struct Invocation: Sendable {
    /// Calls the method, then answers through the call that is given. The only allocation of a server stub.
    package let run: @Sendable (any IncomingCall) async -> Void
    /// The hash of the call's routing key, where its interface is routed: what the load of slices is counted by.
    package let routingKey: UInt64?

    /// A call whose method and answer are `run`. For generated code.
    public init(routingKey: UInt64? = nil, run: @escaping @Sendable (any IncomingCall) async -> Void) {
        self.run = run
        self.routingKey = routingKey
    }
}

/// A call that has arrived and waits for its answer, as generated code sees it.
public protocol IncomingCall: Sendable {
    /// Answers with the result that `encode` writes.
    func reply(_ encode: (inout WireEncoder) throws(WireError) -> Void)
    /// Answers with the error that the component has thrown.
    func fail(throwing error: any Error)
}
