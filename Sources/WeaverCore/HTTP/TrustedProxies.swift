/// The peers whose forwarding fields are believed: address blocks in CIDR notation. None by default.
package struct TrustedProxies: Sendable, Equatable {
    private struct Block: Sendable, Equatable {
        let bytes: [UInt8]
        let prefixBits: Int
    }

    private var blocks: [Block] = []

    /// Nobody is trusted.
    package init() {}

    /// Nobody is trusted.
    package var isEmpty: Bool { blocks.isEmpty }

    /// Adds a block.
    ///
    /// - Parameters:
    ///   - address: 4 bytes for IPv4, 16 for IPv6, in network order.
    ///   - prefixBits: how many leading bits have to agree: 32 or 128 for one address.
    package mutating func insert(_ address: [UInt8], prefixBits: Int) {
        precondition(address.count == 4 || address.count == 16, "an IPv4 or IPv6 address")
        precondition((0...address.count * 8).contains(prefixBits), "a prefix longer than the address")
        blocks.append(Block(bytes: address, prefixBits: prefixBits))
    }

    /// Is the peer at `address`, 4 or 16 bytes in network order, in one of the blocks?
    package func contains(_ address: [UInt8]) -> Bool {
        blocks.contains { block in
            guard block.bytes.count == address.count else { return false }
            let whole = block.prefixBits / 8
            guard block.bytes.prefix(whole) == address.prefix(whole) else { return false }
            let rest = block.prefixBits % 8
            return rest == 0 || (block.bytes[whole] ^ address[whole]) >> UInt8(8 - rest) == 0
        }
    }
}
