/// The client side of a component in another process: what a client stub calls. For generated code.
public final class ComponentClient: Sendable {
    /// The interface.
    public let info: ComponentInfo
    private let transport: any ComponentTransport

    /// A client of the component `info` over `transport`.
    package init(info: ComponentInfo, transport: any ComponentTransport) {
        self.info = info
        self.transport = transport
    }

    /// Calls the method with that index in ``ComponentInfo/methods``.
    ///
    /// - Parameters:
    ///   - routingKey: Which replica owns the call; nil for any.
    ///   - encode: Writes the arguments. Called once or, when the call is sent again, more often; before this returns.
    ///   - decode: Reads the result, and that nothing is left. Called at most once, on any thread.
    /// - Throws: The component's own error, as itself when its type is registered, else as ``RemoteError``;
    ///   ``CallError`` when there is no answer.
    @inlinable
    nonisolated(nonsending)
        public func call<R: Sendable>(
            _ method: Int, routingKey: UInt64? = nil,
            encode: @Sendable (inout WireEncoder) throws(WireError) -> Void,
            decode: @escaping @Sendable (inout WireDecoder) throws(WireError) -> R
        ) async throws -> R
    {
        try await forward(info.methods[method], routingKey, encode, decode)
    }

    @usableFromInline
    nonisolated(nonsending)
        func forward<R: Sendable>(
            _ method: MethodInfo, _ routingKey: UInt64?,
            _ encode: @Sendable (inout WireEncoder) throws(WireError) -> Void,
            _ decode: @escaping @Sendable (inout WireDecoder) throws(WireError) -> R
        ) async throws -> R
    {
        try await transport.call(method, routingKey: routingKey, encode: encode, decode: decode)
    }
}

/// How the calls of a ``ComponentClient`` reach a replica. The weavelet implements it over its channels.
package protocol ComponentTransport: Sendable {
    /// Makes one call; see ``ComponentClient/call(_:routingKey:encode:decode:)``. The context of the call is
    /// ``CallContext/current``, limited by the method's own deadline; an error payload of a component's own error is
    /// read by ``ErrorRegistry/decode(key:from:)``.
    nonisolated(nonsending)
        func call<R: Sendable>(
            _ method: MethodInfo, routingKey: UInt64?,
            encode: @Sendable (inout WireEncoder) throws(WireError) -> Void,
            decode: @escaping @Sendable (inout WireDecoder) throws(WireError) -> R
        ) async throws -> R
}
