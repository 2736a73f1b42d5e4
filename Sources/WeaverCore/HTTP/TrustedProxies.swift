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

    /// Adds a block such as `10.0.0.0/8`, `::1/128` or a single address; false when `text` is none.
    package mutating func insert(_ text: String) -> Bool {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first, let bytes = IPAddressBytes.parse(address) else { return false }
        let bits = parts.count == 2 ? Int(parts[1]) : bytes.count * 8
        guard let bits, (0...bytes.count * 8).contains(bits) else { return false }
        blocks.append(Block(bytes: bytes, prefixBits: bits))
        return true
    }

    /// Is the peer at the literal address `host` in one of the blocks?
    package func contains(_ host: String) -> Bool {
        if blocks.isEmpty { return false }
        guard let address = IPAddressBytes.parse(host[...]) else { return false }
        return blocks.contains { block in
            guard block.bytes.count == address.count else { return false }
            let whole = block.prefixBits / 8
            guard block.bytes.prefix(whole) == address.prefix(whole) else { return false }
            let rest = block.prefixBits % 8
            return rest == 0 || (block.bytes[whole] ^ address[whole]) >> UInt8(8 - rest) == 0
        }
    }
}

/// Literal IP addresses as their bytes in network order.
enum IPAddressBytes {
    /// 4 or 16 bytes; nil when `text` is no literal address. An IPv6 address has no zone and no dotted part.
    static func parse(_ text: Substring) -> [UInt8]? {
        text.contains(":") ? parseIPv6(text) : parseIPv4(text)
    }

    private static func parseIPv4(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { $0.utf8.allSatisfy(HTTPCharacters.isDigit) ? UInt8($0) : nil }
        return parts.count == 4 && bytes.count == 4 ? bytes : nil
    }

    private static func parseIPv6(_ text: Substring) -> [UInt8]? {
        guard let gap = text.firstRange(of: "::") else {
            return groups(text).flatMap { $0.count == 16 ? $0 : nil }
        }
        guard let front = groups(text[..<gap.lowerBound]), let back = groups(text[gap.upperBound...]),
            front.count + back.count < 16
        else { return nil }
        return front + [UInt8](repeating: 0, count: 16 - front.count - back.count) + back
    }

    private static func groups(_ text: Substring) -> [UInt8]? {
        if text.isEmpty { return [] }
        var bytes: [UInt8] = []
        for part in text.split(separator: ":", omittingEmptySubsequences: false) {
            guard (1...4).contains(part.utf8.count), let group = UInt16(part, radix: 16), part.first != "+" else {
                return nil
            }
            bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
        }
        return bytes
    }
}
