/// Parses request heads in place as they arrive (RFC 9112 sections 2 to 6), strictly: what two readers could take for
/// two different messages is a fault.
///
/// Feed it everything that arrived since the head began, as often as more arrives, until it returns a head; then
/// `reset()` for the next one. No byte is copied, none is looked at twice, and a reused parser does not allocate.
package struct RequestHeadParser: ~Copyable, Sendable {
    private let limits: HTTPLimits
    private var scanner = HeadLineScanner()
    private var emptyLines = 0
    private var line: (method: HTTPMethod, name: ByteRange, target: RequestTarget, minorVersion: UInt8)?
    private var section = FieldSection()

    /// A parser for heads within `limits`.
    package init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// Forgets the head that was parsed, keeps the storage.
    package mutating func reset() {
        scanner = HeadLineScanner()
        emptyLines = 0
        line = nil
    }

    /// The head, when it has arrived in full, nil when more bytes are needed.
    ///
    /// - Parameter bytes: all bytes since the head began; bytes behind the head are not looked at.
    package mutating func parse(_ bytes: RawSpan) throws(HTTPFault) -> RequestHead? {
        while line == nil {
            let limit = scanner.lineStart + limits.requestLineBytes
            guard let range = try scanner.nextLine(in: bytes, limit: limit, excess: .requestLineTooLong) else {
                return nil
            }
            if range.isEmpty {
                emptyLines += 1
                guard emptyLines <= limits.leadingEmptyLines else { throw .malformedRequestLine }
            } else {
                line = try Self.parseRequestLine(range, in: bytes)
                section.removeAll()
            }
        }
        while let range = try scanner.nextLine(in: bytes, limit: limits.headBytes, excess: .headTooLarge) {
            if range.isEmpty { return try finish() }
            try section.append(line: range, in: bytes, limits: limits)
        }
        return nil
    }

    /// method SP request-target SP HTTP-version, one space each (section 3).
    private static func parseRequestLine(
        _ range: Range<Int>, in bytes: RawSpan
    ) throws(HTTPFault) -> (method: HTTPMethod, name: ByteRange, target: RequestTarget, minorVersion: UInt8) {
        var methodEnd = range.lowerBound
        while methodEnd < range.upperBound, HTTPCharacters.isToken(bytes.byte(methodEnd)) { methodEnd += 1 }
        guard methodEnd > range.lowerBound, methodEnd < range.upperBound, bytes.byte(methodEnd) == 0x20 else {
            throw .malformedRequestLine
        }
        var targetEnd = methodEnd + 1
        while targetEnd < range.upperBound, bytes.byte(targetEnd) != 0x20 { targetEnd += 1 }
        guard targetEnd > methodEnd + 1, targetEnd < range.upperBound else { throw .malformedRequestLine }
        let version = try HTTPVersion.parse(targetEnd + 1..<range.upperBound, in: bytes)
        let method = HTTPMethod(range.lowerBound..<methodEnd, in: bytes)
        let target = try RequestTarget(methodEnd + 1..<targetEnd, method: method, in: bytes)
        return (method, ByteRange(range.lowerBound..<methodEnd), target, version)
    }

    /// What only the whole head can tell.
    private func finish() throws(HTTPFault) -> RequestHead {
        guard let line else { preconditionFailure("a head without a request line") }
        // Section 3.2: an HTTP/1.1 request has exactly one Host, an empty one included.
        if section.host == nil, line.minorVersion >= 1 { throw .missingHost }
        if section.expectsOther, line.minorVersion >= 1 { throw .unsupportedExpectation }
        let framing = try BodyFraming(request: section, minorVersion: line.minorVersion)
        return RequestHead(
            method: line.method, methodName: line.name, target: line.target, minorVersion: line.minorVersion,
            section: section, framing: framing, byteCount: scanner.lineStart)
    }
}

/// HTTP-version (RFC 9112 section 2.3).
package enum HTTPVersion {
    /// The minor version, 1 for anything later (RFC 9110 section 2.5: it is understood as 1.1).
    package static func parse(_ range: Range<Int>, in bytes: RawSpan) throws(HTTPFault) -> UInt8 {
        guard range.count == 8 else { throw .malformedVersion }
        let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: range.lowerBound, as: UInt64.self)
        // Its bytes without the two digits.
        let (text, digits): (UInt64, UInt64) = (0x002E_002F_5054_5448, 0xFF00_FF00_0000_0000)
        let major = bytes.byte(range.lowerBound + 5)
        let minor = bytes.byte(range.lowerBound + 7)
        guard UInt64(littleEndian: word) & ~digits == text, HTTPCharacters.isDigit(major), HTTPCharacters.isDigit(minor)
        else { throw .malformedVersion }
        guard major == UInt8(ascii: "1") else { throw .unsupportedVersion }
        return min(minor - 0x30, 1)
    }
}
