/// The header of HAProxy's PROXY protocol, versions 1 and 2 (proxy-protocol.txt, sections 2.1 and 2.2): the first bytes
/// of a connection, in which a proxy says whose connection it passes on.
///
/// The receiver has to know that there is one. It never guesses, so what does not begin with a header is a fault.
package struct ProxyProtocolHeader: Sendable, Equatable {
    /// The client's address without port, as text. Nil when the proxy speaks for itself (LOCAL), or does not know or
    /// name it (UNKNOWN, a Unix socket, no stream): then the connection's own peer is the client.
    package let source: String?
    /// Bytes of the header: the connection's own begin here.
    package let byteCount: Int

    /// Bytes of a header of version 2. The format could say 65551; addresses and common TLVs are some hundred.
    package static let maximumBytes = 4096
    /// Bytes of a header of version 1 with its CRLF (section 2.1: "107 chars").
    package static let maximumLineBytes = 107

    /// The header at the start of `bytes`, nil while it is not complete. The verdict does not depend on how the bytes
    /// were split: what cannot become a header any more is a fault at once.
    package static func parse(_ bytes: RawSpan) throws(ProxyProtocolFault) -> ProxyProtocolHeader? {
        guard bytes.byteCount > 0 else { return nil }
        return bytes.byte(0) == binarySignature[0] ? try parseBinary(bytes) : try parseLine(bytes)
    }

    // MARK: Version 1

    /// "PROXY" SP family SP source SP destination SP port SP port CRLF
    private static func parseLine(_ bytes: RawSpan) throws(ProxyProtocolFault) -> ProxyProtocolHeader? {
        let start: StaticString = "PROXY "
        for index in 0..<min(bytes.byteCount, start.utf8CodeUnitCount) {
            let expected = unsafe start.utf8Start[index]
            guard bytes.byte(index) == expected else { throw .noHeader }
        }
        let limit = min(bytes.byteCount, maximumLineBytes)
        var end = 0
        while end < limit, bytes.byte(end) != 0x0D { end += 1 }
        guard end + 1 < limit else {
            if limit == maximumLineBytes { throw .tooLong }
            return nil
        }
        guard bytes.byte(end + 1) == 0x0A else { throw .malformed }
        let text = (start.utf8CodeUnitCount..<end).map { bytes.byte($0) }
        let line = String(decoding: text, as: UTF8.self)
        return ProxyProtocolHeader(source: try source(ofLine: line), byteCount: end + 2)
    }

    private static func source(ofLine line: String) throws(ProxyProtocolFault) -> String? {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        // Whatever follows UNKNOWN is ignored, says the specification.
        if words.first == "UNKNOWN" { return nil }
        let length =
            switch words.first {
            case "TCP4": 4
            case "TCP6": 16
            default: 0
            }
        guard length > 0, words.count == 5, let source = IPAddress.parse(words[1]),
            let destination = IPAddress.parse(words[2]), source.count == length, destination.count == length,
            isPort(words[3]), isPort(words[4])
        else { throw .malformed }
        return IPAddress.text(source)
    }

    private static func isPort(_ text: Substring) -> Bool {
        (1...5).contains(text.utf8.count) && text.utf8.allSatisfy(HTTPCharacters.isDigit) && UInt16(text) != nil
            && (text == "0" || text.first != "0")
    }

    // MARK: Version 2

    private static let binarySignature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]

    /// The signature, version and command, family and transport, length; then addresses and TLVs, which are skipped.
    private static func parseBinary(_ bytes: RawSpan) throws(ProxyProtocolFault) -> ProxyProtocolHeader? {
        for index in 0..<min(bytes.byteCount, 12) where bytes.byte(index) != binarySignature[index] { throw .noHeader }
        guard bytes.byteCount > 12 else { return nil }
        let command = bytes.byte(12)
        guard command == 0x20 || command == 0x21 else { throw .malformed }
        guard bytes.byteCount > 13 else { return nil }
        let family = bytes.byte(13) >> 4
        let transport = bytes.byte(13) & 0x0F
        guard family <= 3, transport <= 2 else { throw .malformed }
        guard bytes.byteCount > 15 else { return nil }
        let length = Int(bytes.byte(14)) << 8 | Int(bytes.byte(15))
        guard 16 + length <= maximumBytes else { throw .tooLong }
        let isLocal = command == 0x20
        let addressLength =
            switch family {
            case 1: 4
            case 2: 16
            default: 0
            }
        // Both addresses and both ports have to fit.
        if !isLocal, addressLength > 0, length < 2 * addressLength + 4 { throw .malformed }
        if !isLocal, family == 3, length < 216 { throw .malformed }
        guard bytes.byteCount >= 16 + length else { return nil }
        guard !isLocal, transport == 1, addressLength > 0 else {
            return ProxyProtocolHeader(source: nil, byteCount: 16 + length)
        }
        let address = (16..<16 + addressLength).map { bytes.byte($0) }
        return ProxyProtocolHeader(source: IPAddress.text(address), byteCount: 16 + length)
    }
}

/// Why a connection that has to begin with a header of the PROXY protocol is closed.
package enum ProxyProtocolFault: Error, Sendable {
    /// It begins with something else.
    case noHeader
    /// It begins like one and is none.
    case malformed
    /// It is longer than a header may be.
    case tooLong
}
