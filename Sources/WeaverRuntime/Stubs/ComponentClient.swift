public import WeaverCore
public import WeaverLoop

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
    /// Between the stub and the wire nothing is asynchronous: each return from an async function asks Swift's runtime which
    /// executor the task prefers, under the task's lock.
    ///
    /// - Parameters:
    ///   - method: the index.
    ///   - routingKey: Which replica owns the call; nil for any.
    ///   - encode: Writes the arguments. Called once or, when the call is sent again, more often; before this returns.
    ///   - decode: Reads the result to its end. Called at most once, on any thread.
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
        let start = now()
        var watch: CallWatch?
        do {
            let result = try await unsafe withUnsafeThrowingContinuation {
                (continuation: UnsafeContinuation<R, any Error>) in
                watch = begin(method, routingKey, start, encode, unsafe ReplyReceiver(resuming: continuation, decode))
            }
            watch?.ended()
            return result
        } catch {
            return try await again(after: error, method, routingKey, start, watch, encode, decode)
        }
    }

    @usableFromInline
    func now() -> UInt64 { EventLoop.now.nanoseconds }

    @usableFromInline
    func begin(
        _ method: Int, _ routingKey: UInt64?, _ start: UInt64, _ encode: (inout WireEncoder) throws(WireError) -> Void,
        _ receiver: ReplyReceiver
    ) -> CallWatch? {
        transport.begin(
            method, routingKey: routingKey, now: MonotonicTime(nanoseconds: start), encode: encode, receiver: receiver)
    }

    @usableFromInline
    nonisolated(nonsending)
        func again<R: Sendable>(
            after error: any Error, _ method: Int, _ routingKey: UInt64?, _ start: UInt64, _ watch: CallWatch?,
            _ encode: @Sendable (inout WireEncoder) throws(WireError) -> Void,
            _ decode: @escaping @Sendable (inout WireDecoder) throws(WireError) -> R
        ) async throws -> R
    {
        try await transport.again(
            after: error, method, routingKey: routingKey, start: MonotonicTime(nanoseconds: start), watch: watch,
            encode: encode, decode: decode)
    }
}

/// How the calls of a ``ComponentClient`` reach a replica. The weavelet implements it over its channels.
package protocol ComponentTransport: AnyObject, Sendable {
    /// Makes a call's first attempt; see ``ComponentClient/call(_:routingKey:encode:decode:)``. `receiver` gets the answer. The context of the call is ``CallContext/current``, limited by the method's own deadline; an error payload of
    /// a component's own error is read by ``ErrorRegistry/decode(key:from:)``. From the caller's task. Gives what is watched of
    /// the call, which is to be told of a result, and given to ``again`` after an error.
    func begin(
        _ method: Int, routingKey: UInt64?, now: MonotonicTime,
        encode: (inout WireEncoder) throws(WireError) -> Void, receiver: ReplyReceiver
    ) -> CallWatch?

    /// Makes a call again that was made at `start` and whose first attempt has failed by `error`; throws that where nothing is to be made again.
    nonisolated(nonsending)
        func again<R: Sendable>(
            after error: any Error, _ method: Int, routingKey: UInt64?, start: MonotonicTime, watch: CallWatch?,
            encode: @Sendable (inout WireEncoder) throws(WireError) -> Void,
            decode: @escaping @Sendable (inout WireDecoder) throws(WireError) -> R
        ) async throws -> R
}
