package import WeaverCore

/// Finds the method of a request and decodes its arguments: the door from the RPC to the components.
package protocol RPCDispatcher: AnyObject, Sendable {
    /// The dispatcher for one connection, asked once when the peer is known: the place to leave out what the peer may not
    /// call (``HelloPeer/reachable``). The default is this dispatcher itself.
    func session(for peer: HelloPeer) -> any RPCDispatcher

    /// Decodes the arguments, which are lent for this call only, and gives the call with its ``ServerCall/method``, which
    /// runs it and answers it by ``ServerCall/reply(_:)`` or one of the `fail`s; the error that the caller gets when it
    /// cannot run. On the loop's thread, inside the read callback: it must not block. Bytes left after the arguments are
    /// refused by the connection.
    func dispatch(
        _ key: MethodKey, arguments: inout WireDecoder, head: CallHead
    ) throws(CallError) -> ServerCall
}

extension RPCDispatcher {
    package func session(for peer: HelloPeer) -> any RPCDispatcher { self }
}

/// Where a method runs.
package enum CallPlacement: Sendable {
    /// On the loop that the request arrived on.
    case loop
    /// On the concurrent pool: for methods that block or compute for long.
    case pool
}
