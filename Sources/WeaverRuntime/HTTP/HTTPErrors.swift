internal import HTTPTypes

/// Why a request's body or its response could not go on.
public struct HTTPError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is; more may be added.
    public struct Code: Hashable, Sendable {
        let name: String

        /// The body is larger than what was asked to be collected. Unhandled, it is answered with 413.
        public static let bodyTooLarge = Code(name: "body too large")
        /// The client went away, or its body ended early.
        public static let clientGone = Code(name: "client gone")
        /// The response has been finished, or its head has been sent twice.
        public static let invalidState = Code(name: "invalid state")
        /// The request offers no other protocol, or another one than the handler wants. Unhandled, it is answered with 426, or
        /// with 400.
        public static let upgradeRefused = Code(name: "upgrade refused")
        /// What a client sent through a WebSocket is none, or larger than the limit.
        public static let clientFault = Code(name: "client fault")
        /// More was written than Content-Length announced, or a body where the status allows none.
        public static let lengthExceeded = Code(name: "length exceeded")
    }

    /// What kind of failure it is.
    public let code: Code
    /// For people.
    public let message: String
    /// What the client gets when nobody handles it before a head was sent; nil for 500.
    var answer: HTTPResponse?

    /// It says something of the client, and nothing of the handler.
    var isClients: Bool { [.bodyTooLarge, .clientGone, .upgradeRefused, .clientFault].contains(code) }

    /// The error in words.
    public var description: String { "\(code.name): \(message)" }
}
