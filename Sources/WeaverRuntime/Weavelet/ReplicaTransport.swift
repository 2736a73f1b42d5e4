internal import WeaverCore
internal import WeaverLoop

/// Calls to the replicas of one component.
struct ReplicaTransport: ComponentTransport {
    private let replicas: ReplicaSet
    /// The bound of calls that have no other, in nanoseconds.
    private let defaultBound: UInt64

    /// Calls to `replicas`; `defaultDeadline` is for calls that have none of their own.
    init(replicas: ReplicaSet, defaultDeadline: Duration) {
        self.replicas = replicas
        defaultBound = defaultDeadline.clampedNanoseconds
    }

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
        var context = CallContext.current
        if let bound = method.deadline { return context.limited(to: EventLoop.now + bound) }
        if context.deadline == nil { context.deadline = EventLoop.now.advanced(nanoseconds: defaultBound) }
        return context
    }
}
