/// A parsed response head: offsets into the buffer it was parsed from, valid as long as that buffer is.
package struct ResponseHead: Sendable {
    /// 100 to 599.
    package internal(set) var status: HTTPStatus
    /// The reason phrase as it was sent, often empty.
    package internal(set) var reason: ByteRange
    /// 0 or 1.
    package internal(set) var minorVersion: UInt8
    /// Its fields.
    package internal(set) var section: FieldSection
    /// How its body ends.
    package internal(set) var framing: BodyFraming
    /// Bytes of the head, empty line included: the body starts here.
    package internal(set) var byteCount: Int

    /// The server would use this connection again, once the body is over.
    package var keepAlive: Bool {
        if framing == .untilClose || section.connection.close { return false }
        return minorVersion >= 1 || section.connection.keepAlive
    }
}

/// Parses response heads in place as they arrive, as strictly as `RequestHeadParser` and in the same manner.
package struct ResponseHeadParser: ~Copyable, Sendable {
    private let limits: HTTPLimits
    private var scanner = HeadLineScanner()
    private var line: (status: HTTPStatus, reason: ByteRange, minorVersion: UInt8)?
    private var section = FieldSection()

    /// A parser for heads within `limits`.
    package init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// Forgets the head that was parsed, keeps the storage.
    package mutating func reset() {
        scanner = HeadLineScanner()
        line = nil
    }

    /// The head, when it has arrived in full, nil when more bytes are needed.
    ///
    /// - Parameters:
    ///   - bytes: all bytes since the head began; bytes behind the head are not looked at.
    ///   - method: of the request that is being answered: a response to HEAD has no body.
    package mutating func parse(_ bytes: RawSpan, answering method: HTTPMethod) throws(HTTPFault) -> ResponseHead? {
        while let range = try scanner.nextLine(in: bytes, limit: limits.headBytes, excess: .headTooLarge) {
            if line == nil {
                line = try Self.parseStatusLine(range, in: bytes)
                section.removeAll()
            } else if range.isEmpty {
                return try finish(answering: method)
            } else {
                try section.append(line: range, in: bytes, limits: limits)
            }
        }
        return nil
    }

    /// HTTP-version SP 3DIGIT [ SP reason ] (section 4); the last space is often forgotten with an empty reason.
    private static func parseStatusLine(
        _ range: Range<Int>, in bytes: RawSpan
    ) throws(HTTPFault) -> (status: HTTPStatus, reason: ByteRange, minorVersion: UInt8) {
        let start = range.lowerBound
        guard range.count >= 12, bytes.byte(start + 8) == 0x20 else { throw .malformedStatusLine }
        let version = try HTTPVersion.parse(start..<start + 8, in: bytes)
        var status: UInt16 = 0
        for offset in start + 9..<start + 12 {
            guard HTTPCharacters.isDigit(bytes.byte(offset)) else { throw .malformedStatusLine }
            status = status * 10 + UInt16(bytes.byte(offset) - 0x30)
        }
        guard (100..<600).contains(status), range.count == 12 || bytes.byte(start + 12) == 0x20 else {
            throw .malformedStatusLine
        }
        let reason = min(start + 13, range.upperBound)..<range.upperBound
        return (HTTPStatus(rawValue: status), ByteRange(reason), version)
    }

    private func finish(answering method: HTTPMethod) throws(HTTPFault) -> ResponseHead {
        guard let line else { preconditionFailure("a head without a status line") }
        let framing = try BodyFraming(
            response: section, status: line.status, method: method, minorVersion: line.minorVersion)
        return ResponseHead(
            status: line.status, reason: line.reason, minorVersion: line.minorVersion, section: section,
            framing: framing, byteCount: scanner.lineStart)
    }
}
