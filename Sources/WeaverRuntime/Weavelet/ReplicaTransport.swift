internal import WeaverCore
internal import WeaverLoop

/// Calls to the replicas of one component.
final class ReplicaTransport: ComponentTransport {
    private let replicas: ReplicaSet
    private let methods: [Method]
    private let calls: CallRecorder

    /// What a call needs to know of its method: plain numbers, which cost nothing to copy.
    private struct Method: Sendable {
        let key: MethodKey
        /// The method's own deadline, in nanoseconds; 0 is none.
        let bound: UInt64
        /// The bound of calls that have no other, in nanoseconds.
        let defaultBound: UInt64
        let isIdempotent: Bool
    }

    /// Calls of `info`'s methods to `replicas`; `defaultDeadline` is for calls that have none of their own.
    init(info: ComponentInfo, replicas: ReplicaSet, defaultDeadline: Duration, calls: CallRecorder? = nil) {
        self.replicas = replicas
        self.calls = calls ?? CallRecorder(info)
        methods = info.methods.map { method in
            Method(
                key: method.key, bound: method.deadline?.clampedNanoseconds ?? 0,
                defaultBound: defaultDeadline.clampedNanoseconds, isIdempotent: method.isIdempotent)
        }
    }

    func begin(
        _ method: Int, routingKey: UInt64?, now: MonotonicTime,
        encode: (inout WireEncoder) throws(WireError) -> Void, receiver: ReplyReceiver
    ) -> CallWatch? {
        var context = context(for: method, now: now)
        let watch = calls.begin(method, &context, now: now)
        replicas.begin(
            methods[method].key, context: context, routingKey: routingKey, now: now, encode: encode, receiver: receiver)
        return watch
    }

    nonisolated(nonsending)
        func again<R: Sendable>(
            after error: any Error, _ method: Int, routingKey: UInt64?, start: MonotonicTime, watch: CallWatch?,
            encode: @Sendable (inout WireEncoder) throws(WireError) -> Void,
            decode: @escaping @Sendable (inout WireDecoder) throws(WireError) -> R
        ) async throws -> R
    {
        var context = context(for: method, now: start)
        watch?.restore(&context)
        do {
            let result = try await replicas.again(
                after: error, methods[method].key, context: context, routingKey: routingKey,
                isIdempotent: methods[method].isIdempotent, encode: encode, decode: decode)
            watch?.ended()
            return result
        } catch {
            calls.counters.countError(of: method)
            watch?.failed(error)
            throw error
        }
    }

    /// The caller's context, with the earliest of its deadline and the method's; the default where there is neither.
    @inline(__always)
    private func context(for method: Int, now: MonotonicTime) -> CallContext {
        var context = CallContext.current
        if methods[method].bound != 0 {
            return context.limited(to: now.advanced(nanoseconds: methods[method].bound))
        }
        if context.deadline == nil { context.deadline = now.advanced(nanoseconds: methods[method].defaultBound) }
        return context
    }
}
