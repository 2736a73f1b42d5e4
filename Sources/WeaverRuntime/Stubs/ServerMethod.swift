public import WeaverCore
public import WeaverLoop

/// One method of a server stub. For generated code.
public struct ServerMethod: Sendable {
    /// Decodes the arguments of a request, synchronously, and gives the call that keeps them. Throws ``WireError`` for bytes
    /// that are no arguments of the method.
    package let accept: @Sendable (_ arguments: inout WireDecoder, _ head: CallHead) throws(WireError) -> RoutedCall
    /// Calls the method for every call that it is given, one after the other, and answers it.
    package let run: @Sendable (_ calls: ServerCalls) async -> Void

    /// A method whose calls `accept` makes and `run` runs.
    public init(
        accept: @escaping @Sendable (_ arguments: inout WireDecoder, _ head: CallHead) throws(WireError) -> RoutedCall,
        run: @escaping @Sendable (_ calls: ServerCalls) async -> Void
    ) {
        self.accept = accept
        self.run = run
    }
}

/// An incoming call as a server stub has accepted it.
public struct RoutedCall: Sendable {
    /// The call.
    package let call: ServerCall
    /// The hash of its routing key, where its interface is routed: what the load of slices is counted by.
    package let routingKey: UInt64?

    /// A call with its arguments. For generated code.
    @inlinable
    public init<Arguments>(_ head: CallHead, routingKey: UInt64?, _ arguments: Arguments) {
        self.init(IncomingCall(head, arguments), routingKey: routingKey)
    }

    @usableFromInline
    init(_ call: ServerCall, routingKey: UInt64?) {
        self.call = call
        self.routingKey = routingKey
    }
}

/// An incoming call with its decoded arguments, a tuple where there are several. For generated code.
public final class IncomingCall<Arguments>: ServerCall, @unchecked Sendable {
    // @unchecked: as the base; the arguments belong to the task that runs the call.

    /// The arguments.
    public let arguments: Arguments

    @inlinable
    init(_ head: CallHead, _ arguments: Arguments) {
        self.arguments = arguments
        super.init(head)
    }
}

extension ServerCalls {
    /// The next call, whose arguments are of that type; nil when this task is to take no more. For generated code.
    @inlinable
    public func next<Arguments>(_ type: Arguments.Type) -> IncomingCall<Arguments>? {
        // A method's calls are all made by the same stub.
        next().map { unsafe unsafeDowncast($0, to: IncomingCall<Arguments>.self) }
    }
}

extension ServerCall {
    /// Answers with the error that a component has thrown: as itself when its type is registered, else as
    /// ``RemoteError``. For generated code.
    public final func fail(throwing error: any Error) {
        observer?.failed(error)
        ErrorRegistry.shared.fail(self, throwing: error)
    }
}
