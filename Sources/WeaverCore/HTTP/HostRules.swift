/// Host = uri-host [ ":" port ] (RFC 9110 section 7.2), and the authority of an absolute-form target.
package enum HostRules {
    /// Is `range` empty, which a Host field may be, or a host with an optional port, without user information?
    package static func isValid(_ range: Range<Int>, in bytes: RawSpan) -> Bool {
        if range.isEmpty { return true }
        let hostEnd =
            bytes.byte(range.lowerBound) == UInt8(ascii: "[")
            ? endOfLiteral(range, in: bytes) : endOfName(range, in: bytes)
        guard let hostEnd else { return false }
        return hostEnd == range.upperBound || isPort(hostEnd..<range.upperBound, in: bytes)
    }

    /// "[" IPv6 or a future form "]": the offset past it.
    private static func endOfLiteral(_ range: Range<Int>, in bytes: RawSpan) -> Int? {
        var offset = range.lowerBound + 1
        while offset < range.upperBound {
            let byte = bytes.byte(offset)
            if byte == UInt8(ascii: "]") { return offset > range.lowerBound + 1 ? offset + 1 : nil }
            guard byte == UInt8(ascii: ":") || HTTPCharacters.isRegisteredName(byte) else { return nil }
            offset += 1
        }
        return nil
    }

    /// A registered name or IPv4 address, at least one character: the offset past it.
    private static func endOfName(_ range: Range<Int>, in bytes: RawSpan) -> Int? {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let byte = bytes.byte(offset)
            if byte == UInt8(ascii: ":") { break }
            if byte == UInt8(ascii: "%") {
                guard offset + 2 < range.upperBound, HTTPCharacters.hexValue(bytes.byte(offset + 1)) != nil,
                    HTTPCharacters.hexValue(bytes.byte(offset + 2)) != nil
                else { return nil }
                offset += 3
            } else {
                guard HTTPCharacters.isRegisteredName(byte) else { return nil }
                offset += 1
            }
        }
        return offset > range.lowerBound ? offset : nil
    }

    /// ":" *DIGIT, at most 65535.
    private static func isPort(_ range: Range<Int>, in bytes: RawSpan) -> Bool {
        guard bytes.byte(range.lowerBound) == UInt8(ascii: ":"), range.count <= 6 else { return false }
        var port = 0
        for offset in range.dropFirst() {
            let byte = bytes.byte(offset)
            guard HTTPCharacters.isDigit(byte) else { return false }
            port = port * 10 + Int(byte - 0x30)
        }
        return port <= 65535
    }
}
