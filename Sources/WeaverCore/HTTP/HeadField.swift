/// A range of bytes in a head's buffer, in 8 bytes.
package struct ByteRange: Sendable, Equatable {
    /// Offset of the first byte.
    package var start: UInt32
    /// Offset past the last byte.
    package var end: UInt32

    /// Heads are limited to far less than 4 GiB.
    package init(_ range: Range<Int>) {
        start = UInt32(truncatingIfNeeded: range.lowerBound)
        end = UInt32(truncatingIfNeeded: range.upperBound)
    }

    /// The same as a range.
    package var range: Range<Int> { Int(start)..<Int(end) }

    /// Nothing in it.
    package var isEmpty: Bool { start == end }
}

/// One header field of a parsed head: offsets into the buffer, nothing copied.
package struct HeadField: Sendable {
    /// The name as it was sent.
    package let name: ByteRange
    /// The value without the blanks around it.
    package let value: ByteRange
    /// Which field it is, when this project treats it in a way of its own.
    package let known: KnownField

    /// Parses one line of a field section (RFC 9112 section 5), without its CRLF.
    package init(line: Range<Int>, in bytes: RawSpan) throws(HTTPFault) {
        var colon = bytes.endOfPlainName(in: line)
        var hasUnderscore = false
        while colon < line.upperBound {
            let byte = bytes.byte(colon)
            guard HTTPCharacters.isToken(byte) else { break }
            if byte == UInt8(ascii: "_") { hasUnderscore = true }
            colon += 1
        }
        guard colon < line.upperBound, bytes.byte(colon) == UInt8(ascii: ":"), colon > line.lowerBound else {
            // Section 5.2: a line that starts with a blank continues the one before it.
            throw HTTPCharacters.isBlank(bytes.byte(line.lowerBound)) ? .foldedLine : .malformedFieldName
        }
        name = ByteRange(line.lowerBound..<colon)
        value = ByteRange(bytes.trimmingBlanks(colon + 1..<line.upperBound))
        let known = KnownField(line.lowerBound..<colon, in: bytes)
        self.known =
            hasUnderscore && KnownField.isLookalike(line.lowerBound..<colon, in: bytes) ? .lookalike : known
    }

    /// It was sent with one space before its value, and none behind.
    func isCanonical(in bytes: RawSpan) -> Bool {
        let end = Int(value.end)
        return value.start == name.end + 2 && bytes.byte(Int(name.end) + 1) == 0x20 && end + 2 <= bytes.byteCount
            && bytes.byte(end) == 0x0D && bytes.byte(end + 1) == 0x0A
    }
}

/// Fields that decide framing, routing or connections, or that a proxy must not pass on as they are.
package enum KnownField: UInt8, Sendable {
    case other
    case host, contentLength, transferEncoding, connection, keepAlive, proxyConnection, te, upgrade, expect, date
    case trailer, proxyAuthenticate, proxyAuthorization
    case forwarded, xForwardedFor, xForwardedProto, xForwardedHost, xRequestID
    /// One of the others with "_" in the place of "-". Where names become variables (CGI, WSGI, PHP) it cannot be told
    /// from that one: it would be a second Content-Length, or a forged X-Forwarded-For.
    case lookalike

    /// Recognises a name, by its length first.
    package init(_ name: Range<Int>, in bytes: RawSpan) {
        func found(_ field: KnownField, _ lowercased: StaticString) -> KnownField {
            bytes.equalsToken(lowercased, in: name) ? field : .other
        }
        self =
            switch name.count {
            case 2: found(.te, "te")
            case 4:
                bytes.byte(name.lowerBound) | 0x20 == UInt8(ascii: "h") ? found(.host, "host") : found(.date, "date")
            case 6: found(.expect, "expect")
            case 7:
                bytes.byte(name.lowerBound) | 0x20 == UInt8(ascii: "u")
                    ? found(.upgrade, "upgrade") : found(.trailer, "trailer")
            case 9: found(.forwarded, "forwarded")
            case 10:
                bytes.byte(name.lowerBound) | 0x20 == UInt8(ascii: "c")
                    ? found(.connection, "connection") : found(.keepAlive, "keep-alive")
            case 12: found(.xRequestID, "x-request-id")
            case 14: found(.contentLength, "content-length")
            case 15: found(.xForwardedFor, "x-forwarded-for")
            case 16:
                bytes.byte(name.lowerBound) | 0x20 == UInt8(ascii: "p")
                    ? found(.proxyConnection, "proxy-connection") : found(.xForwardedHost, "x-forwarded-host")
            case 17:
                bytes.byte(name.lowerBound) | 0x20 == UInt8(ascii: "t")
                    ? found(.transferEncoding, "transfer-encoding") : found(.xForwardedProto, "x-forwarded-proto")
            case 18: found(.proxyAuthenticate, "proxy-authenticate")
            case 19: found(.proxyAuthorization, "proxy-authorization")
            default: .other
            }
    }

    /// The length of the longest name that is known.
    private static let longestName = 19

    static func isLookalike(_ name: Range<Int>, in bytes: RawSpan) -> Bool {
        guard name.count <= longestName else { return false }
        let underscore = UInt8(ascii: "_")
        let dashed = name.map { bytes.byte($0) == underscore ? UInt8(ascii: "-") : bytes.byte($0) }
        return unsafe KnownField(0..<dashed.count, in: dashed.span.bytes) != .other
    }

    /// Meant for one connection, never for the next one (RFC 9110 section 7.6.1), whatever Connection names.
    package var isHopByHop: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .te, .upgrade, .proxyAuthenticate, .proxyAuthorization: true
        default: false
        }
    }
}
