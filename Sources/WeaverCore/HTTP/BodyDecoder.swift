/// Takes the framing off a body and yields its content as slices of the input (RFC 9112 sections 6 and 7).
///
/// Feed it each span that arrives behind a head, calling `next` until it wants more or the body ends; what lies behind
/// the end is left alone. The content is never copied; of a chunked body only the trailer section is kept.
package struct BodyDecoder: ~Copyable {
    /// What `next` found.
    package enum Step: Sendable, Equatable {
        /// Content: this range of the input.
        case data(Range<Int>)
        /// The input is used up and the body goes on.
        case needMore
        /// The body is over; the offset is behind its last byte.
        case end
    }

    private enum State: Sendable {
        case length(UInt64)
        case untilClose
        case chunkSize(UInt64, digits: Int)
        case chunkBlank(UInt64)
        case chunkExtension(UInt64)
        case chunkLineFeed(UInt64)
        case chunkData(UInt64)
        case chunkEnd
        case chunkEndLineFeed
        case trailers
        case ended
    }

    private let limits: HTTPLimits
    private var state: State
    private var lineBytes = 0
    private var extensionBytes = 0
    private var trailer: TrailerSection?

    /// A decoder for one body.
    package init(_ framing: BodyFraming, limits: HTTPLimits) {
        self.limits = limits
        state =
            switch framing {
            case .none: .ended
            case .length(let count): .length(count)
            case .chunked: .chunkSize(0, digits: 0)
            case .untilClose: .untilClose
            }
    }

    /// The body is over.
    package var isAtEnd: Bool {
        if case .ended = state { return true }
        return false
    }

    /// Bytes that are still to come, where the body's length was announced; nil otherwise.
    package var remainingLength: UInt64? {
        if case .length(let remaining) = state { return remaining }
        return nil
    }

    /// So many bytes of a body of announced length have gone another way than through ``next(_:at:)``.
    package mutating func skip(_ count: Int) {
        guard case .length(let remaining) = state, count >= 0, UInt64(count) <= remaining else {
            preconditionFailure("more of a body passed than was announced")
        }
        state = remaining == UInt64(count) ? .ended : .length(remaining - UInt64(count))
    }

    /// The trailer section, once a chunked body has ended; nil behind every other body.
    package var trailers: TrailerSection? { trailer }

    /// Goes on at `offset`, which it moves.
    package mutating func next(_ bytes: RawSpan, at offset: inout Int) throws(HTTPFault) -> Step {
        while true {
            if case .ended = state { return .end }
            guard offset < bytes.byteCount else { return .needMore }
            switch state {
            case .length(let remaining):
                let range = take(remaining, of: bytes, at: &offset)
                let left = remaining - UInt64(range.count)
                state = left == 0 ? .ended : .length(left)
                return .data(range)
            case .untilClose:
                let range = offset..<bytes.byteCount
                offset = bytes.byteCount
                return .data(range)
            case .chunkData(let remaining):
                let range = take(remaining, of: bytes, at: &offset)
                let left = remaining - UInt64(range.count)
                state = left == 0 ? .chunkEnd : .chunkData(left)
                return .data(range)
            default:
                try step(bytes.byte(offset))
                offset += 1
            }
        }
    }

    /// The connection ended: fine when that is how the body ends, or when it has ended already.
    package mutating func finishAtClose() throws(HTTPFault) {
        switch state {
        case .untilClose: state = .ended
        case .ended: break
        default: throw .truncatedBody
        }
    }

    private func take(_ remaining: UInt64, of bytes: RawSpan, at offset: inout Int) -> Range<Int> {
        let available = bytes.byteCount - offset
        let count = remaining < UInt64(available) ? Int(remaining) : available
        let range = offset..<offset + count
        offset += count
        return range
    }

    /// One byte of the chunked framing.
    private mutating func step(_ byte: UInt8) throws(HTTPFault) {
        switch state {
        case .chunkSize(let size, let digits):
            try stepSize(byte, size: size, digits: digits)
        case .chunkBlank(let size):
            // Bad white space, allowed only in front of an extension (RFC 9112 section 7.1.1).
            if byte == UInt8(ascii: ";") {
                state = .chunkExtension(size)
            } else if !HTTPCharacters.isBlank(byte) {
                throw .malformedChunk
            }
            try countLineByte()
        case .chunkExtension(let size):
            if byte == 0x0D {
                state = .chunkLineFeed(size)
            } else if (byte < 0x20 && byte != 0x09) || byte == 0x7F {
                throw .malformedChunk
            }
            try countLineByte()
        case .chunkLineFeed(let size):
            guard byte == 0x0A else { throw .malformedChunk }
            extensionBytes += lineBytes
            guard extensionBytes <= limits.chunkExtensionBytes else { throw .chunkLineTooLong }
            lineBytes = 0
            state = size == 0 ? .trailers : .chunkData(size)
            if size == 0 { trailer = TrailerSection() }
        case .chunkEnd:
            guard byte == 0x0D else { throw .malformedChunk }
            state = .chunkEndLineFeed
        case .chunkEndLineFeed:
            guard byte == 0x0A else { throw .malformedChunk }
            state = .chunkSize(0, digits: 0)
        case .trailers:
            if try trailer?.append(byte, limits: limits) == true { state = .ended }
        case .length, .untilClose, .chunkData, .ended:
            preconditionFailure("not a byte of the chunked framing")
        }
    }

    /// 1*HEXDIG, at most 15: what fits 60 bits cannot overflow in anybody's arithmetic.
    private mutating func stepSize(_ byte: UInt8, size: UInt64, digits: Int) throws(HTTPFault) {
        if let value = HTTPCharacters.hexValue(byte) {
            guard digits < 15 else { throw .malformedChunk }
            state = .chunkSize(size << 4 | UInt64(value), digits: digits + 1)
            return
        }
        guard digits > 0 else { throw .malformedChunk }
        switch byte {
        case 0x0D: state = .chunkLineFeed(size)
        case UInt8(ascii: ";"): state = .chunkExtension(size)
        case 0x20, 0x09: state = .chunkBlank(size)
        default: throw .malformedChunk
        }
    }

    private mutating func countLineByte() throws(HTTPFault) {
        lineBytes += 1
        guard lineBytes <= limits.chunkLineBytes else { throw .chunkLineTooLong }
    }
}

/// The fields behind a chunked body (RFC 9112 section 7.1.2). Almost always none: then nothing is allocated beyond
/// the two bytes of its end.
///
/// An object, because what every body hands on and almost none has should be one pointer. Its decoder adds to it; once
/// the body has ended nobody does.
package final class TrailerSection {
    /// The raw section, its empty line included.
    package private(set) var bytes: [UInt8] = []
    /// Its fields, offsets into `bytes`.
    package var fields: [HeadField] { section.fields }

    private var scanner = HeadLineScanner()
    private var section = FieldSection()

    /// Nothing has arrived.
    package init() {}

    /// Adds a byte, true when it was the last one of the section.
    func append(_ byte: UInt8, limits: HTTPLimits) throws(HTTPFault) -> Bool {
        guard bytes.count < limits.trailerBytes else { throw .trailerTooLarge }
        bytes.append(byte)
        guard byte == 0x0A else { return false }
        let received = bytes
        let span = unsafe received.span.bytes
        guard let line = try scanner.nextLine(in: span, limit: limits.trailerBytes, excess: .trailerTooLarge) else {
            return false
        }
        if line.isEmpty { return true }
        try section.append(line: line, in: span, limits: limits)
        return false
    }

    /// May this field be passed on behind a body? Not what frames, routes, controls, authenticates or describes a
    /// message (RFC 9110 section 6.5.1): whoever reads it has acted on the head already. Nothing meant for one hop.
    package static func mayForward(_ field: HeadField, in bytes: RawSpan) -> Bool {
        field.known == .other && !forbidden.contains { bytes.equalsToken($0, in: field.name.range) }
    }

    /// What `KnownField` does not know.
    private static let forbidden: [StaticString] = [
        "authorization", "www-authenticate", "authentication-info", "proxy-authentication-info", "cookie", "set-cookie",
        "content-encoding", "content-type", "content-range", "cache-control", "pragma", "age", "expires", "vary",
        "location", "retry-after", "warning", "max-forwards", "range", "if-match", "if-none-match", "if-range",
        "if-modified-since", "if-unmodified-since",
    ]
}
