/// Where a request is for (RFC 9112 section 3.2).
package struct RequestTarget: Sendable, Equatable {
    /// How it was written. The authority form belongs to CONNECT, which is refused.
    package enum Form: Sendable {
        case origin, absolute, asterisk
    }

    /// How it was written.
    package let form: Form
    /// Path and query as sent; of an absolute form what follows the authority, which may be empty or start with "?".
    package let path: ByteRange
    /// The authority of an absolute form: it overrides Host (section 3.2.2).
    package let authority: ByteRange?

    /// Parses the target of a request with the method `method`.
    package init(_ range: Range<Int>, method: HTTPMethod, in bytes: RawSpan) throws(HTTPFault) {
        precondition(!range.isEmpty, "the request line's parser refuses an empty target")
        guard range.allSatisfy({ HTTPCharacters.isTarget(bytes.byte($0)) }) else { throw .malformedTarget }
        if method == .connect { throw .unsupportedMethod }
        if bytes.byte(range.lowerBound) == UInt8(ascii: "/") {
            self.init(form: .origin, path: ByteRange(range), authority: nil)
        } else if range.count == 1, bytes.byte(range.lowerBound) == UInt8(ascii: "*") {
            guard method == .options else { throw .malformedTarget }
            self.init(form: .asterisk, path: ByteRange(range), authority: nil)
        } else {
            let authorityStart = try Self.endOfScheme(range, in: bytes)
            var authorityEnd = authorityStart
            while authorityEnd < range.upperBound, bytes.byte(authorityEnd) != UInt8(ascii: "/"),
                bytes.byte(authorityEnd) != UInt8(ascii: "?")
            {
                authorityEnd += 1
            }
            let authority = authorityStart..<authorityEnd
            guard !authority.isEmpty, HostRules.isValid(authority, in: bytes) else { throw .malformedHost }
            self.init(
                form: .absolute, path: ByteRange(authorityEnd..<range.upperBound), authority: ByteRange(authority))
        }
    }

    private init(form: Form, path: ByteRange, authority: ByteRange?) {
        self.form = form
        self.path = path
        self.authority = authority
    }

    /// The offset past "http://" or "https://".
    private static func endOfScheme(_ range: Range<Int>, in bytes: RawSpan) throws(HTTPFault) -> Int {
        for (scheme, length) in [("http" as StaticString, 4), ("https", 5)] {
            let end = range.lowerBound + length + 3
            if end <= range.upperBound, bytes.equalsToken(scheme, in: range.lowerBound..<range.lowerBound + length),
                bytes.byte(end - 3) == UInt8(ascii: ":"), bytes.byte(end - 2) == UInt8(ascii: "/"),
                bytes.byte(end - 1) == UInt8(ascii: "/")
            {
                return end
            }
        }
        throw .malformedTarget
    }
}

/// A request's method; `other` is any token that is none of RFC 9110's nine (PATCH of RFC 5789 with them).
package enum HTTPMethod: Sendable {
    case get, head, post, put, delete, connect, options, trace, patch, other

    /// Recognises a method; names are case-sensitive.
    package init(_ range: Range<Int>, in bytes: RawSpan) {
        func found(_ method: HTTPMethod, _ name: StaticString) -> HTTPMethod {
            for (index, offset) in range.enumerated() {
                let expected = unsafe name.utf8Start[index]
                if bytes.byte(offset) != expected { return .other }
            }
            return method
        }
        self =
            switch (range.count, bytes.byte(range.lowerBound)) {
            case (3, UInt8(ascii: "G")): found(.get, "GET")
            case (3, UInt8(ascii: "P")): found(.put, "PUT")
            case (4, UInt8(ascii: "H")): found(.head, "HEAD")
            case (4, UInt8(ascii: "P")): found(.post, "POST")
            case (5, UInt8(ascii: "P")): found(.patch, "PATCH")
            case (5, UInt8(ascii: "T")): found(.trace, "TRACE")
            case (6, UInt8(ascii: "D")): found(.delete, "DELETE")
            case (7, UInt8(ascii: "O")): found(.options, "OPTIONS")
            case (7, UInt8(ascii: "C")): found(.connect, "CONNECT")
            default: .other
            }
    }

    /// Doing it twice is as good as once (RFC 9110 section 9.2.2).
    package var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        case .post, .patch, .connect, .other: false
        }
    }
}
