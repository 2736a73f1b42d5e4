// The protocol of one connection, for both sides. The side that connected is the client: it sends requests and cancels,
// the other one answers.
//
//     greeting --hello--> ready --goaway--> draining
//         |                 |                  |
//         +-----------------+------------------+--> closed
//
// In `greeting` a client has sent its hello and waits for the server's; a server waits for the client's and answers it.
// `draining` is entered by a goaway sent (server) or received (client): answers still pass, a client sends no new
// request, and the server refuses those that crossed the goaway.

/// Says what a frame means in the state that the connection is in.
package struct ConnectionMachine: ~Copyable {
    /// Which side this is.
    package enum Role: Sendable { case client, server }

    /// How far the connection is.
    package enum State: Equatable, Sendable { case greeting, ready, draining, closed }

    /// What is to be done with a frame.
    package enum Event: Equatable, Sendable {
        /// The peer is known now; a server sends its own hello.
        case ready(HelloPeer)
        /// Decode the request and run it.
        case request
        /// Decode the result and resume the caller.
        case response
        /// Decode the error and resume the caller.
        case failure
        /// Cancel the call with the frame's id.
        case cancel
        /// Send a pong with the frame's id.
        case ping
        /// The server takes no new calls.
        case goaway
        /// Nothing: the peer is alive, which is all the frame says.
        case none
    }

    /// Which side this is.
    package let role: Role
    /// How far the connection is.
    package private(set) var state = State.greeting
    private let hello: Hello

    package init(role: Role, hello: Hello) {
        self.role = role
        self.hello = hello
    }

    /// Whether a client may send a request now.
    package var acceptsCalls: Bool { state == .ready }

    /// Takes a frame. An error ends the connection; a server in `greeting` tells it to the peer before it closes.
    @inline(__always)
    package mutating func receive(_ header: FrameHeader, payload: RawSpan) throws(CallError) -> Event {
        if state != .greeting, state != .closed {
            switch (header.kind, role) {
            case (.request, .server): return .request
            case (.response, .client): return .response
            default: break
            }
        }
        return try receiveOther(header, payload)
    }

    private mutating func receiveOther(_ header: FrameHeader, _ payload: RawSpan) throws(CallError) -> Event {
        switch (state, header.kind, role) {
        case (.closed, _, _): return .none
        case (.greeting, .hello, _):
            let peer = try hello.check(payload, isServer: role == .server)
            state = .ready
            return .ready(peer)
        case (_, .error, .client) where header.id == 0:
            throw Self.reason(payload)
        case (.greeting, _, _): throw violation(header)
        case (_, .error, .client): return .failure
        case (_, .cancel, .server): return .cancel
        case (_, .ping, _): return .ping
        case (_, .pong, _): return .none
        case (_, .goaway, .client):
            state = .draining
            return .goaway
        default: throw violation(header)
        }
    }

    /// This side has sent a goaway.
    package mutating func didSendGoaway() {
        precondition(role == .server, "only a server drains its connections")
        if state == .ready { state = .draining }
    }

    /// The connection has ended.
    package mutating func close() {
        state = .closed
    }

    private func violation(_ header: FrameHeader) -> CallError {
        CallError(
            state == .greeting ? .notPermitted : .internalError,
            "the peer sent a frame of kind \(header.kind) in state \(state)")
    }

    /// The error that the peer closes the connection with.
    private static func reason(_ payload: RawSpan) -> CallError {
        let error = WireDecoder.withDecoder(over: payload) { wire in try? ErrorPayload(wire: &wire) }
        guard case .call(let reason)? = error else {
            return CallError(.internalError, "the peer closed the connection with an error that cannot be read")
        }
        return reason
    }
}
