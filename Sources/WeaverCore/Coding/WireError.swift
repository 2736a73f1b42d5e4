/// Why bytes from the wire are not what was expected, or why a value cannot be put on it.
public struct WireError: Error, Equatable, CustomStringConvertible {
    /// What is wrong, as an extensible set.
    public struct Code: Equatable, Sendable {
        let name: StaticName

        enum StaticName: String, Sendable {
            case truncated, trailingBytes, badCount, badValue, invalidUTF8, tooDeep, tooLong, codable
        }

        /// The bytes end before the value does.
        public static let truncated = Code(name: .truncated)
        /// Bytes are left after the last value.
        public static let trailingBytes = Code(name: .trailingBytes)
        /// A count is larger than the bytes that are left could hold.
        public static let badCount = Code(name: .badCount)
        /// A byte has a value that its type does not have, such as a Bool of 7.
        public static let badValue = Code(name: .badValue)
        /// A String's bytes are not UTF-8.
        public static let invalidUTF8 = Code(name: .invalidUTF8)
        /// Values are nested deeper than ``WireLimits/nestingDepth``.
        public static let tooDeep = Code(name: .tooDeep)
        /// A count does not fit the 32 bits that the format has for it.
        public static let tooLong = Code(name: .tooLong)
        /// A type's own `Codable` conformance refused.
        public static let codable = Code(name: .codable)
    }

    /// What is wrong.
    public let code: Code
    /// The same in words, naming the value.
    public let message: String

    /// An error with its code and its words.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message with its code.
    public var description: String { "\(message) (\(code.name.rawValue))" }
}

/// Bounds of the argument codec.
public enum WireLimits {
    /// How deep values may nest: a list in a list in an indirect enum, and so on.
    public static var nestingDepth: Int { 128 }
    /// How many elements without bytes, such as empty structs, a container may hold.
    public static var emptyElements: Int { 65_536 }
}
