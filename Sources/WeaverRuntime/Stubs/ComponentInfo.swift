/// What is known of an interface without any implementation.
public struct ComponentInfo: Sendable {
    /// `Module.Protocol`; the application's own component is `main`.
    public let name: String
    /// The methods, in the order of the source.
    public let methods: [MethodInfo]
    /// The error types that travel as themselves because `@Component(errors:)` names them.
    public let errors: [ErrorType]
    /// Where the protocol is written.
    public let location: SourceLocation

    /// Describes an interface.
    public init(name: String, methods: [MethodInfo], errors: [ErrorType] = [], location: SourceLocation) {
        self.name = name
        self.methods = methods
        self.errors = errors
        self.location = location
    }
}

/// What is known of one method of an interface.
public struct MethodInfo: Sendable {
    /// The method as a reader knows it: `get(_:)`.
    public let name: String
    /// What stands for the method on the wire.
    public let key: MethodKey
    /// Whether the runtime may send a call again that may have run.
    public let isIdempotent: Bool
    /// The method's own deadline, from `@Deadline`.
    public let deadline: Duration?

    /// Describes a method.
    public init(name: String, key: UInt64, isIdempotent: Bool = false, deadline: Duration? = nil) {
        self.name = name
        self.key = MethodKey(rawValue: key)
        self.isIdempotent = isIdempotent
        self.deadline = deadline
    }
}

/// A place in the application's source, for messages.
public struct SourceLocation: Sendable, Hashable, CustomStringConvertible {
    /// `Module/File.swift`.
    public let file: String
    /// From 1.
    public let line: Int

    /// A place.
    public init(_ file: String, _ line: Int) {
        self.file = file
        self.line = line
    }

    /// `file:line`.
    public var description: String { "\(file):\(line)" }
}
