internal import CUV
package import WeaverCore

/// The limits and time bounds of an HTTP server, the proxy's side towards its clients included.
package struct HTTPServerConfiguration: Sendable, Equatable {
    /// What one message may cost.
    package var limits = HTTPLimits()
    /// A head has to be complete this long after its first byte, the first one of a connection after the accept. Past
    /// it: 408.
    package var headerTimeout = Duration.seconds(10)
    /// A connection without a request is closed after this time; so is one whose client neither sends the body it
    /// announced nor reads the response.
    package var idleTimeout = Duration.seconds(60)
    /// How long a connection that is being closed still takes bytes, so that the client gets to read the answer
    /// instead of a reset (RFC 9112 section 9.6).
    package var lingerTimeout = Duration.seconds(2)
    /// How long the response to a client that has closed its side may be silent. Such a client may still read, or be
    /// gone: nothing tells before something is written. Past it the connection is cut.
    package var halfClosedTimeout = Duration.seconds(10)
    /// How long a server that drains still listens, and keeps idle connections, for requests that were on their way before
    /// their sender could know: one that meets a reset may have run or not. None by default.
    package var drainGrace = Duration.zero
    /// A tunnel (after 101) through which nothing passes, in neither direction, is cut after this time. Zero: never.
    package var tunnelIdleTimeout = Duration.seconds(3600)
    /// How long a tunnel goes on when the server drains. Past it: cut.
    package var tunnelDrainTimeout = Duration.seconds(10)
    /// How long the client of an application's WebSocket may take to answer our close frame. Past it: cut.
    package var webSocketCloseTimeout = Duration.seconds(5)
    /// How long an application's handler may be busy with one message of a client that has closed its WebSocket, or with
    /// the end of another tunnel that it has heard of, once the connection is gone. Past it, and before twice that time has
    /// passed: cancelled.
    package var tunnelLeaveTimeout = Duration.seconds(10)
    /// Peers whose connections begin with a header of the PROXY protocol, version 1 or 2, which names the client. It is
    /// never guessed whether there is one: a peer in these blocks has to send it, and all others speak HTTP at once.
    package var proxyProtocolPeers = TrustedProxies()
    /// Connections at a time; one more is answered with 503. By default at most 16384, and what the process may open.
    package var maximumConnections = Self.connections(forDescriptors: weaver_descriptor_limit())
    /// Connections past the limit at a time that are answered before they close; one more is reset.
    package var maximumRefusals = 64
    /// Queued bytes of a response above which its producer is held back, and below which it goes on.
    package var responseHighWaterMark = 256 * 1024
    package var responseLowWaterMark = 64 * 1024

    /// The defaults above.
    package init() {}

    /// Descriptors that a process needs for other things than clients.
    package static let reservedDescriptors = 128

    /// How many clients a process with `limit` descriptors can serve: each needs one of its own, and one for the
    /// backend that answers it.
    package static func connections(forDescriptors limit: Int) -> Int {
        min(16 * 1024, max(1, (limit - reservedDescriptors) / 2))
    }
}

/// What a server has seen since it started.
package struct HTTPServerCounters: Sendable, Equatable {
    /// Connections accepted.
    package internal(set) var connections: UInt64 = 0
    /// Connections open now.
    package internal(set) var openConnections = 0
    /// Requests whose head was accepted.
    package internal(set) var requests: UInt64 = 0
    /// Requests being answered now.
    package internal(set) var requestsInFlight = 0
    /// Connections that became a tunnel.
    package internal(set) var tunnels: UInt64 = 0
    /// Tunnels open now; they are no requests in flight.
    package internal(set) var openTunnels = 0
    /// Messages refused for a fault of the client.
    package internal(set) var refused: UInt64 = 0
    /// Connections that ended before their response was complete, by whichever side, or whose client did not take it.
    package internal(set) var aborted: UInt64 = 0
}
