/// What a request names its method by: a hash of the method's full signature, so that overloads differ.
///
/// The text hashed is `Module.Protocol/name(labels:)(ArgumentTypes)->Result`. Both ends run the same binary, and the
/// runtime reports two methods with one key before anything starts, so 64 bits are enough.
public struct MethodKey: Hashable, Sendable, CustomStringConvertible {
    /// The hash.
    public let rawValue: UInt64

    /// A key that was computed before.
    @inlinable
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The key of a signature: FNV-1a over its UTF-8, with a final mix that spreads the last bytes over all bits.
    public init(signature: String) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in signature.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        hash = (hash ^ (hash >> 32)) &* 0xd6e8_feb8_6659_fd93
        self.rawValue = hash ^ (hash >> 32)
    }

    /// Sixteen hexadecimal digits.
    public var description: String {
        let digits = String(rawValue, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
