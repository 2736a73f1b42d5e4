/// The header fields of one head, with what they say about framing and the connection, gathered line by line.
///
/// Kept between messages for its storage: `removeAll()` allocates nothing.
package struct FieldSection: Sendable {
    /// In the order of arrival, repeats kept.
    package private(set) var fields: [HeadField] = []
    /// The value of Content-Length.
    package private(set) var contentLength: UInt64?
    /// What Transfer-Encoding says.
    package private(set) var codings = TransferCodings()
    /// What Connection says.
    package private(set) var connection = ConnectionOptions()
    /// The value of Host.
    package private(set) var host: ByteRange?
    /// An Expect field has the value 100-continue.
    package private(set) var expectsContinue = false
    /// An Expect field has another value.
    package private(set) var expectsOther = false
    /// There is a Date field.
    package private(set) var hasDate = false
    /// There is a Forwarded field.
    package private(set) var hasForwarded = false
    /// The value of the first X-Request-ID.
    package private(set) var requestID: ByteRange?
    /// There is more than one X-Request-ID.
    package private(set) var isRequestIDRepeated = false
    /// The smallest number in a Max-Forwards field; what is no number says nothing.
    package private(set) var maxForwards: UInt64?
    /// A TE field has the value trailers.
    package private(set) var acceptsTrailers = false

    /// No fields.
    package init() {}

    /// Forgets everything but the storage.
    package mutating func removeAll() {
        // Emptying what is empty would cost as much as emptying what is not.
        if !fields.isEmpty { fields.removeAll(keepingCapacity: true) }
        contentLength = nil
        codings = TransferCodings()
        connection.removeAll()
        host = nil
        expectsContinue = false
        expectsOther = false
        hasDate = false
        hasForwarded = false
        requestID = nil
        isRequestIDRepeated = false
        maxForwards = nil
        acceptsTrailers = false
    }

    /// Parses one line of the section and takes note of it.
    package mutating func append(
        line: Range<Int>, in bytes: RawSpan, limits: HTTPLimits
    ) throws(HTTPFault) {
        guard fields.count < limits.fieldCount else { throw .tooManyFields }
        let field = try HeadField(line: line, in: bytes)
        fields.append(field)
        switch field.known {
        case .host:
            guard host == nil else { throw .repeatedHost }
            guard HostRules.isValid(field.value.range, in: bytes) else { throw .malformedHost }
            host = field.value
        case .contentLength:
            // Section 6.3, rule 5 lets a recipient merge equal lengths; refusing them is the other choice it gives.
            guard contentLength == nil else { throw .repeatedContentLength }
            contentLength = try Self.parseLength(field.value.range, in: bytes)
        case .transferEncoding:
            try codings.append(field.value.range, in: bytes)
        case .connection:
            connection.append(field.value.range, in: bytes)
        case .expect:
            if bytes.equalsToken("100-continue", in: field.value.range) {
                expectsContinue = true
            } else {
                expectsOther = true
            }
        case .date: hasDate = true
        case .forwarded: hasForwarded = true
        case .xRequestID:
            isRequestIDRepeated = requestID != nil
            requestID = requestID ?? field.value
        case .maxForwards:
            if let count = try? Self.parseLength(field.value.range, in: bytes) {
                maxForwards = min(count, maxForwards ?? count)
            }
        case .te:
            bytes.forEachListElement(in: field.value.range) { element in
                if bytes.equalsToken("trailers", in: element) { acceptsTrailers = true }
            }
        default: break
        }
    }

    /// 1*DIGIT that fits 63 bits; a sign, a blank, a list or a superfluous zero is refused (a reader that took
    /// "010" for octal would find another end).
    private static func parseLength(_ range: Range<Int>, in bytes: RawSpan) throws(HTTPFault) -> UInt64 {
        guard (1...18).contains(range.count) else { throw .malformedContentLength }
        if range.count > 1, bytes.byte(range.lowerBound) == UInt8(ascii: "0") { throw .malformedContentLength }
        var length: UInt64 = 0
        for offset in range {
            let byte = bytes.byte(offset)
            guard HTTPCharacters.isDigit(byte) else { throw .malformedContentLength }
            length = length &* 10 &+ UInt64(byte &- 0x30)
        }
        return length
    }

    /// Is this field for the next hop only, by itself or because Connection names it?
    package func isHopByHop(_ field: HeadField, in bytes: RawSpan) -> Bool {
        field.known.isHopByHop || connection.names(field, in: bytes)
    }
}

/// The transfer codings of a message (RFC 9112 section 6.1), over all its Transfer-Encoding fields.
package struct TransferCodings: Sendable {
    /// There is a Transfer-Encoding field.
    package private(set) var isPresent = false
    /// The one coding is chunked.
    package private(set) var isChunked = false
    private var hasOther = false

    /// No field.
    package init() {}

    /// Reads one field's list. "chunked" must be the last coding, once, without parameters; nothing may follow it.
    package mutating func append(_ value: Range<Int>, in bytes: RawSpan) throws(HTTPFault) {
        isPresent = true
        try bytes.forEachListElement(in: value) { (element) throws(HTTPFault) in
            guard !element.isEmpty, !isChunked else { throw .malformedTransferEncoding }
            if bytes.equalsToken("chunked", in: element) {
                isChunked = true
            } else {
                hasOther = true
            }
        }
    }

    /// Throws unless the codings are exactly chunked: a body whose end is unknown cannot be framed, and a coding that
    /// is unknown cannot be undone.
    package func validate() throws(HTTPFault) {
        guard isChunked else { throw .malformedTransferEncoding }
        guard !hasOther else { throw .unsupportedTransferCoding }
    }
}

/// What the Connection fields of a message say (RFC 9110 section 7.6.1).
package struct ConnectionOptions: Sendable {
    /// The sender closes after this message.
    package private(set) var close = false
    /// An HTTP/1.0 sender keeps the connection.
    package private(set) var keepAlive = false
    /// The Upgrade field is for this connection.
    package private(set) var upgrade = false
    private var named: [ByteRange] = []

    /// No option.
    package init() {}

    mutating func removeAll() {
        close = false
        keepAlive = false
        upgrade = false
        if !named.isEmpty { named.removeAll(keepingCapacity: true) }
    }

    mutating func append(_ value: Range<Int>, in bytes: RawSpan) {
        bytes.forEachListElement(in: value) { element in
            if bytes.equalsToken("close", in: element) {
                close = true
            } else if bytes.equalsToken("keep-alive", in: element) {
                keepAlive = true
            } else if bytes.equalsToken("upgrade", in: element) {
                upgrade = true
            } else if !element.isEmpty {
                named.append(ByteRange(element))
            }
        }
    }

    /// Is `field` named here? Fields that frame or address the message, or that a proxy writes itself, cannot be taken
    /// away this way.
    package func names(_ field: HeadField, in bytes: RawSpan) -> Bool {
        if named.isEmpty { return false }
        switch field.known {
        case .host, .contentLength, .transferEncoding, .date, .forwarded, .xForwardedFor, .xForwardedProto,
            .xForwardedHost, .xRequestID:
            return false
        default: return named.contains { bytes.equalsIgnoringCase($0.range, of: bytes, field.name.range) }
        }
    }
}
