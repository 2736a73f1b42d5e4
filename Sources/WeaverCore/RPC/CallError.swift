/// Why a call to another process has no result: the transport's, the runtime's or the peer's fault, never the
/// component's own error, which arrives as itself or as ``RemoteError``.
public struct CallError: Error, Sendable, CustomStringConvertible {
    /// What happened. A struct with statics, so that codes can be added without breaking a switch.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The byte that stands for the code on the wire.
        package let rawValue: UInt8

        /// A code from its byte; bytes that this version does not know stay distinct.
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// No connection to any replica could be made.
        public static let unreachable = Code(rawValue: 1)
        /// The connection ended while the call was in flight.
        public static let connectionLost = Code(rawValue: 2)
        /// The call's deadline passed.
        public static let deadlineExceeded = Code(rawValue: 3)
        /// The caller's task was cancelled.
        public static let cancelled = Code(rawValue: 4)
        /// The replica, or this process, has as many calls in flight as it allows.
        public static let overloaded = Code(rawValue: 5)
        /// The replica is ending and takes no new calls.
        public static let draining = Code(rawValue: 6)
        /// The replica does not serve that method.
        public static let unknownMethod = Code(rawValue: 7)
        /// The arguments could not be encoded, or not be decoded by the replica.
        public static let badArguments = Code(rawValue: 8)
        /// The result could not be encoded by the replica, or not be decoded here.
        public static let badReply = Code(rawValue: 9)
        /// The peer is not of this deployment, or may not call that component.
        public static let notPermitted = Code(rawValue: 10)
        /// The two processes do not run the same binary, or speak no common protocol version.
        public static let versionMismatch = Code(rawValue: 11)
        /// A message is longer than the limit for frames.
        public static let frameTooLarge = Code(rawValue: 12)
        /// The peer broke the protocol, or the runtime has a fault.
        public static let internalError = Code(rawValue: 13)

        private static let names = [
            "unreachable", "connectionLost", "deadlineExceeded", "cancelled", "overloaded", "draining",
            "unknownMethod", "badArguments", "badReply", "notPermitted", "versionMismatch", "frameTooLarge",
            "internalError",
        ]

        /// The code's name, as in the source.
        public var description: String {
            (1...Self.names.count).contains(Int(rawValue)) ? Self.names[Int(rawValue) - 1] : "code \(rawValue)"
        }
    }

    /// What happened.
    public let code: Code
    /// What happened, in words.
    public let message: String
    /// Whether the method may have been started at the callee. When false it certainly was not, and the call may be
    /// made again whatever the method does.
    public private(set) var mayHaveRun: Bool
    /// Whether the component ran and threw this error, which it got from a call of its own: the component's callee failed,
    /// not the component, and what is to be tried again there was tried there.
    public private(set) var isRelayed = false
    /// The replica that the call failed at, where there was one; it does not travel.
    package private(set) var replica: SocketAddress?
    /// The error below this one, where there is one; it does not travel.
    public let cause: (any Error)?

    /// Makes an error.
    public init(_ code: Code, _ message: String, mayHaveRun: Bool = false, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.mayHaveRun = mayHaveRun
        self.cause = cause
    }

    /// The error as the caller of the component that threw it sees it.
    package var relayed: CallError {
        var copy = self
        copy.isRelayed = true
        copy.mayHaveRun = true
        return copy
    }

    /// The error as the caller sees it, of a call that `replica` was given.
    package func from(_ replica: SocketAddress) -> CallError {
        var copy = self
        copy.replica = replica
        return copy
    }

    /// The error of a call of which an earlier attempt may have run.
    package func after(anAttemptThatMayHaveRun earlier: Bool) -> CallError {
        var copy = self
        copy.mayHaveRun = mayHaveRun || earlier
        return copy
    }

    /// "message (code; may have run)".
    public var description: String {
        "\(message) (\(code)\(mayHaveRun ? "; the call may have run" : ""))"
    }
}

extension CallError: Equatable {
    /// Compares everything but the cause and the replica.
    public static func == (left: Self, right: Self) -> Bool {
        left.code == right.code && left.message == right.message && left.mayHaveRun == right.mayHaveRun
            && left.isRelayed == right.isRelayed
    }
}

/// An error that a component of another process threw and whose type is not registered with the interface, so that it
/// arrives as words.
public struct RemoteError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The error's type at the callee.
    public let typeName: String
    /// What the error said of itself.
    public let description: String

    /// Makes an error from its parts.
    public init(typeName: String, description: String) {
        self.typeName = typeName
        self.description = description
    }

    /// Describes `error`.
    public init(describing error: any Error) {
        self.init(typeName: String(reflecting: type(of: error)), description: String(describing: error))
    }
}
