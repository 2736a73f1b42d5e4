internal import WeaverCore
internal import WeaverLoop

/// Calls to the replicas of one component.
struct ReplicaTransport: ComponentTransport {
    let replicas: ReplicaSet
    /// The deadline of calls that have none of their own.
    let defaultDeadline: Duration

    nonisolated(nonsending)
        func call<R: Sendable>(
            _ method: MethodInfo, routingKey: UInt64?,
            encode: @Sendable (inout WireEncoder) throws(WireError) -> Void,
            decode: @escaping @Sendable (inout WireDecoder) throws(WireError) -> R
        ) async throws -> R
    {
        try await replicas.call(
            method.key, context: context(for: method), routingKey: routingKey, isIdempotent: method.isIdempotent,
            encode: encode, decode: decode,
            decodeError: { key, wire in try ErrorRegistry.shared.decode(key: key, from: &wire) })
    }

    /// The caller's context, with the earliest of its deadline and the method's; the default where there is neither.
    private func context(for method: MethodInfo) -> CallContext {
        let current = CallContext.current
        guard let bound = method.deadline ?? (current.deadline == nil ? defaultDeadline : nil) else { return current }
        return current.limited(to: EventLoop.now + bound)
    }
}
