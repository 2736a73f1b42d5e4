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
        /// More was written than Content-Length announced, or a body where the status allows none.
        public static let lengthExceeded = Code(name: "length exceeded")
    }

    /// What kind of failure it is.
    public let code: Code
    /// For people.
    public let message: String

    /// The error in words.
    public var description: String { "\(code.name): \(message)" }
}
