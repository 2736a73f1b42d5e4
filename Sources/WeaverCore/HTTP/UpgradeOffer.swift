/// The protocols that a request would change to (RFC 9110 section 7.8), kept until it is answered.
///
/// Whatever a client offers may be accepted, with one exception: `h2c`. Behind it the requests of the client would pass
/// unseen, without a check and without the fields that tell backends who sent them.
package struct UpgradeOffer: Sendable, Equatable {
    /// The list as the backend gets it.
    package let protocols: [UInt8]

    /// What `head` offers; nil when that is nothing, or not well-formed, which a server may ignore, or in HTTP/1.0,
    /// where it has to.
    package init?(_ head: borrowing RequestHead, in bytes: RawSpan) {
        guard head.minorVersion >= 1, head.section.connection.upgrade else { return nil }
        guard let elements = Self.elements(of: head.section, in: bytes) else { return nil }
        var list: [UInt8] = []
        for element in elements where !bytes.equalsToken("h2c", in: element) {
            if !list.isEmpty { list += [UInt8(ascii: ","), 0x20] }
            for offset in element { list.append(bytes.byte(offset)) }
        }
        guard !list.isEmpty else { return nil }
        protocols = list
    }

    /// Is `name` one of them?
    package func contains(_ name: String) -> Bool {
        let offered = unsafe protocols.span.bytes
        let name = Array(name.utf8)
        var found = false
        offered.forEachListElement(in: 0..<offered.byteCount) { candidate in
            if unsafe Self.equal(name.span.bytes, 0..<name.count, offered, candidate) { found = true }
        }
        return found
    }

    /// Does `response`, with the status 101, change to what was offered and to nothing else?
    package func isAccepted(by response: borrowing ResponseHead, in bytes: RawSpan) -> Bool {
        guard response.minorVersion >= 1, response.section.connection.upgrade else { return false }
        guard let elements = Self.elements(of: response.section, in: bytes), !elements.isEmpty else { return false }
        let offered = unsafe protocols.span.bytes
        return elements.allSatisfy { element in
            var found = false
            offered.forEachListElement(in: 0..<offered.byteCount) { candidate in
                if Self.equal(bytes, element, offered, candidate) { found = true }
            }
            return found
        }
    }

    /// The elements of all Upgrade fields, nil when one is not token ["/" token].
    private static func elements(of section: FieldSection, in bytes: RawSpan) -> [Range<Int>]? {
        var elements: [Range<Int>] = []
        var isValid = true
        for field in section.fields where field.known == .upgrade {
            bytes.forEachListElement(in: field.value.range) { element in
                // Empty elements of a list mean nothing (RFC 9110 section 5.6.1.2).
                guard !element.isEmpty else { return }
                isValid = isValid && isProtocol(element, in: bytes)
                elements.append(element)
            }
        }
        return isValid ? elements : nil
    }

    private static func isProtocol(_ range: Range<Int>, in bytes: RawSpan) -> Bool {
        var parts = 1
        var length = 0
        for offset in range {
            if bytes.byte(offset) == UInt8(ascii: "/") {
                guard parts == 1, length > 0 else { return false }
                parts = 2
                length = 0
            } else {
                guard HTTPCharacters.isToken(bytes.byte(offset)) else { return false }
                length += 1
            }
        }
        return length > 0
    }

    /// Names of protocols are compared without regard to case.
    private static func equal(
        _ left: RawSpan, _ leftRange: Range<Int>, _ right: RawSpan, _ rightRange: Range<Int>
    ) -> Bool {
        guard leftRange.count == rightRange.count else { return false }
        return zip(leftRange, rightRange).allSatisfy {
            HTTPCharacters.lowercased(left.byte($0)) == HTTPCharacters.lowercased(right.byte($1))
        }
    }
}
