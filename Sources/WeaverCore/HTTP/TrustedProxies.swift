/// The peers whose forwarding fields are believed: address blocks in CIDR notation, and those on Unix sockets. None by
/// default.
package struct TrustedProxies: Sendable, Equatable {
    private struct Block: Sendable, Equatable {
        let bytes: [UInt8]
        let prefixBits: Int
    }

    private var blocks: [Block] = []
    private var includesLocal = false

    /// What stands for the peers on Unix sockets.
    package static let local = "unix"

    /// Nobody is trusted.
    package init() {}

    /// Nobody is.
    package var isEmpty: Bool { blocks.isEmpty && !includesLocal }

    /// Adds a block such as `10.0.0.0/8`, `::1/128`, a single address, or ``local``; false when `text` is none of these.
    package mutating func insert(_ text: String) -> Bool {
        if text == Self.local {
            includesLocal = true
            return true
        }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first, let bytes = IPAddress.parse(address) else { return false }
        let bits = parts.count == 2 ? Int(parts[1]) : bytes.count * 8
        guard let bits, (0...bytes.count * 8).contains(bits) else { return false }
        if bits >= IPAddress.mappingBits, let mapped = IPAddress.mapped(bytes) {
            blocks.append(Block(bytes: mapped, prefixBits: bits - IPAddress.mappingBits))
        } else {
            blocks.append(Block(bytes: bytes, prefixBits: bits))
        }
        return true
    }

    /// The client on whose behalf `peer` speaks: the last address of X-Forwarded-For that is not trusted, or the first one
    /// where all are. What is no literal address ends the search: nobody vouches for what stands before it.
    ///
    /// - Parameters:
    ///   - peer: its literal address; nil on a Unix socket.
    ///   - forwardedFor: the values of all X-Forwarded-For fields, joined by commas. Addresses may have ports.
    package func client(of peer: String?, forwardedFor: [UInt8]) -> String? {
        var client = peer
        for element in forwardedFor.split(separator: UInt8(ascii: ",")).reversed() {
            guard contains(client) else { break }
            let text = String(decoding: element.filter { !HTTPCharacters.isBlank($0) }, as: UTF8.self)
            guard let address = IPAddress.withoutPort(text) else { break }
            client = IPAddress.canonical(address)
        }
        return client
    }

    /// Is the peer at the literal address `host`, nil on a Unix socket, one of these?
    package func contains(_ host: String?) -> Bool {
        guard let host else { return includesLocal }
        if blocks.isEmpty { return false }
        guard let parsed = IPAddress.parse(host[...]) else { return false }
        let address = IPAddress.mapped(parsed) ?? parsed
        return blocks.contains { block in
            guard block.bytes.count == address.count else { return false }
            let whole = block.prefixBits / 8
            guard block.bytes.prefix(whole) == address.prefix(whole) else { return false }
            let rest = block.prefixBits % 8
            return rest == 0 || (block.bytes[whole] ^ address[whole]) >> UInt8(8 - rest) == 0
        }
    }
}

/// Literal IP addresses, and their bytes in network order.
package enum IPAddress {
    /// The bits in front of an IPv4 address that was mapped into IPv6: ::ffff:0:0/96.
    static let mappingBits = 96

    /// The IPv4 address in `bytes` that a socket for both families shows as a mapped one, nil when it is none.
    static func mapped(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count == 16, bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF else {
            return nil
        }
        return Array(bytes[12...])
    }

    /// `host` as everybody writes it: a mapped IPv4 address as an IPv4 address, anything else as it is.
    package static func canonical(_ host: String) -> String {
        guard host.utf8.contains(UInt8(ascii: ":")), let bytes = parse(host[...]), let address = mapped(bytes) else {
            return host
        }
        return text(address)
    }

    /// `bytes`, 4 or 16 in network order, as text: in the form of RFC 5952, a mapped IPv4 address as an IPv4 address.
    static func text(_ bytes: [UInt8]) -> String {
        if bytes.count == 4 { return bytes.map(String.init).joined(separator: ".") }
        if let address = mapped(bytes) { return text(address) }
        let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        let gap = longestGap(groups)
        func join(_ groups: ArraySlice<UInt16>) -> String {
            groups.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard gap.count > 1 else { return join(groups[...]) }
        return "\(join(groups[..<gap.lowerBound]))::\(join(groups[gap.upperBound...]))"
    }

    /// The first of the longest runs of zeros.
    private static func longestGap(_ groups: [UInt16]) -> Range<Int> {
        var longest = 0..<0
        var start = 0
        for index in 0...groups.count where index == groups.count || groups[index] != 0 {
            if index - start > longest.count { longest = start..<index }
            start = index + 1
        }
        return longest
    }

    /// The literal address in "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:80"; nil when
    /// `text` is none of these.
    static func withoutPort(_ text: String) -> String? {
        if parse(text[...]) != nil { return text }
        var rest = text[...]
        if let colon = rest.lastIndex(of: ":"), UInt16(rest[rest.index(after: colon)...]) != nil {
            rest = rest[..<colon]
        }
        if rest.first == "[", rest.last == "]" { rest = rest.dropFirst().dropLast() }
        return parse(rest) != nil ? String(rest) : nil
    }

    /// 4 or 16 bytes; nil when `text` is no literal address. An IPv6 address has no zone.
    static func parse(_ text: Substring) -> [UInt8]? {
        text.contains(":") ? parseIPv6(text) : parseIPv4(text)
    }

    private static func parseIPv4(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        // No superfluous zeros: some readers take "010" for 8.
        let bytes = parts.compactMap { part in
            part.utf8.allSatisfy(HTTPCharacters.isDigit) && (part.utf8.count == 1 || part.first != "0")
                ? UInt8(part) : nil
        }
        return parts.count == 4 && bytes.count == 4 ? bytes : nil
    }

    private static func parseIPv6(_ text: Substring) -> [UInt8]? {
        guard let gap = text.firstRange(of: "::") else {
            return groups(text, endsAddress: true).flatMap { $0.count == 16 ? $0 : nil }
        }
        guard let front = groups(text[..<gap.lowerBound]),
            let back = groups(text[gap.upperBound...], endsAddress: true),
            front.count + back.count < 16
        else { return nil }
        return front + [UInt8](repeating: 0, count: 16 - front.count - back.count) + back
    }

    private static func groups(_ text: Substring, endsAddress: Bool = false) -> [UInt8]? {
        if text.isEmpty { return [] }
        var bytes: [UInt8] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            // The last 32 bits may be written as an IPv4 address (RFC 4291 section 2.2).
            if endsAddress, index == parts.count - 1, part.utf8.contains(UInt8(ascii: ".")) {
                guard let tail = parseIPv4(part) else { return nil }
                return bytes + tail
            }
            guard (1...4).contains(part.utf8.count), let group = UInt16(part, radix: 16), part.first != "+" else {
                return nil
            }
            bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
        }
        return bytes
    }
}
