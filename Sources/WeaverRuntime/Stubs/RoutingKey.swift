/// A value by which calls are routed: what a router's methods return.
///
/// Equal keys have equal hashes in every process of a deployment, unlike those of `Hashable`. A type of several parts
/// conforms by combining them.
public protocol RoutingKey: Sendable {
    /// Adds the key to a hash.
    func hash(into hasher: inout RoutingHasher)
}

extension RoutingKey {
    /// The key's place among all 64-bit keys; nil for a nil key, which any replica may serve.
    package var routingHash: UInt64? {
        var hasher = RoutingHasher()
        hash(into: &hasher)
        return hasher.finish()
    }
}

/// Makes 64 bits of the parts of a routing key: the same ones in every process and run.
public struct RoutingHasher: Sendable {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325
    private var isUnrouted = false

    /// The place of `key` among all 64-bit keys; nil for a nil key, which any replica may serve. For generated code.
    public static func hash(_ key: any RoutingKey) -> UInt64? { key.routingHash }

    /// Adds 64 bits.
    public mutating func combine(_ value: UInt64) {
        state = Self.mixed(state ^ value)
    }

    /// Adds a key.
    public mutating func combine(_ key: some RoutingKey) {
        key.hash(into: &self)
    }

    /// Adds text.
    public mutating func combine(_ text: String) {
        var hash: UInt64 = 0
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        combine(hash)
        combine(UInt64(text.utf8.count))
    }

    /// The call belongs to no replica.
    mutating func leaveUnrouted() { isUnrouted = true }

    func finish() -> UInt64? { isUnrouted ? nil : state }

    /// The finaliser of MurmurHash3: neighbours among the integers land far from each other.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var bits = value
        bits = (bits ^ (bits >> 33)) &* 0xff51_afd7_ed55_8ccd
        bits = (bits ^ (bits >> 33)) &* 0xc4ce_b9fe_1a85_ec53
        return bits ^ (bits >> 33)
    }
}

extension RoutingKey where Self: BinaryInteger {
    /// The integer's low 64 bits.
    public func hash(into hasher: inout RoutingHasher) { hasher.combine(UInt64(truncatingIfNeeded: self)) }
}

extension Int: RoutingKey {}
extension Int8: RoutingKey {}
extension Int16: RoutingKey {}
extension Int32: RoutingKey {}
extension Int64: RoutingKey {}
extension UInt: RoutingKey {}
extension UInt8: RoutingKey {}
extension UInt16: RoutingKey {}
extension UInt32: RoutingKey {}
extension UInt64: RoutingKey {}

extension String: RoutingKey {
    /// The text's UTF-8.
    public func hash(into hasher: inout RoutingHasher) { hasher.combine(self) }
}

extension Character: RoutingKey {
    /// The character's UTF-8.
    public func hash(into hasher: inout RoutingHasher) { hasher.combine(String(self)) }
}

extension Bool: RoutingKey {
    /// 0 or 1.
    public func hash(into hasher: inout RoutingHasher) { hasher.combine(self ? 1 as UInt64 : 0) }
}

extension Optional: RoutingKey where Wrapped: RoutingKey {
    /// The key; nil says that any replica may serve the call.
    public func hash(into hasher: inout RoutingHasher) {
        guard let self else { return hasher.leaveUnrouted() }
        self.hash(into: &hasher)
    }
}
