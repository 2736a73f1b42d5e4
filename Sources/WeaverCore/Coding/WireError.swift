/// Why bytes from the wire are not what was expected, or why a value cannot be put on it.
public struct WireError: Error, Equatable, CustomStringConvertible {
    /// What is wrong, as an extensible set.
    public struct Code: Equatable, Sendable {
        let name: StaticName

        enum StaticName: String, Sendable {
            case truncated, trailingBytes, badCount, badValue, invalidUTF8, tooDeep, tooLong, tooLarge, codable
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
        /// The values would take more memory than ``WireLimits/decodedMemory(of:)`` grants to their bytes.
        public static let tooLarge = Code(name: .tooLarge)
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
    /// The memory that the elements of all containers of a message may take together, at all levels, whatever the
    /// message's size. Enough for any container of small values that are all nil or empty.
    public static var decodedMemoryFloor: Int { 1 << 20 }
    /// The memory that every byte of the message grants on top: an array of nils, or of an enum's cases without
    /// values, whose elements are at most this large passes at every length.
    public static var decodedMemoryPerByte: Int { 128 }
    /// The memory that the elements of all containers of a message of `byteCount` bytes may take together. Numbers and
    /// text, which are as large in memory as on the wire, are not counted.
    @inlinable
    public static func decodedMemory(of byteCount: Int) -> Int {
        decodedMemoryFloor + decodedMemoryPerByte * byteCount
    }
}
