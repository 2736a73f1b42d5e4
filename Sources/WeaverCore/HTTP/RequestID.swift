/// The id that a request has in the logs of everybody who handles it: `X-Request-ID`.
///
/// One that came with the request is kept when it is valid, whoever sent it: clients and proxies in front of this one want
/// to find their requests again, and an id says nothing that a backend would have to believe. What is not valid, or
/// came twice, is replaced.
package enum RequestID: Sendable, Equatable {
    /// It came with the request.
    case received([UInt8])
    /// It was made here: 128 bits, written as 32 hexadecimal digits.
    case made(UInt64, UInt64)

    /// Bytes of an id that is kept; a longer one is replaced. It goes into logs and into every head.
    package static let maximumBytes = 128

    /// The id that came with `head`, nil when there is none to keep.
    package static func received(with head: borrowing RequestHead, in bytes: RawSpan) -> RequestID? {
        guard let range = head.section.requestID, !head.section.isRequestIDRepeated else { return nil }
        guard isValid(range.range, in: bytes) else { return nil }
        return .received(range.range.map { bytes.byte($0) })
    }

    /// Letters, digits and `- _ . ~ + / = : @`: what ids of all kinds are made of, and nothing that a log, a shell or
    /// a page would read as more than that.
    package static func isValid(_ range: Range<Int>, in bytes: RawSpan) -> Bool {
        (1...maximumBytes).contains(range.count) && range.allSatisfy { isAllowed(bytes.byte($0)) }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"), UInt8(ascii: "+"),
            UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: "@"):
            true
        default: false
        }
    }

    /// Writes the value.
    package func write(to output: inout OutputBuffer) {
        switch self {
        case .received(let bytes): output.append(bytes)
        case .made(let high, let low):
            Self.write(high, to: &output)
            Self.write(low, to: &output)
        }
    }

    /// Writes the field.
    package func writeField(to output: inout OutputBuffer) {
        output.append(ascii: "X-Request-ID: ")
        write(to: &output)
        output.append(ascii: "\r\n")
    }

    private static func write(_ bits: UInt64, to output: inout OutputBuffer) {
        output.append(digits(of: UInt32(truncatingIfNeeded: bits >> 32)).byteSwapped)
        output.append(digits(of: UInt32(truncatingIfNeeded: bits)).byteSwapped)
    }

    /// Eight hexadecimal digits, the last one in the lowest byte: each request gets an id, so all are made at once.
    private static func digits(of bits: UInt32) -> UInt64 {
        var nibbles = UInt64(bits)
        nibbles = (nibbles | nibbles << 16) & 0x0000_FFFF_0000_FFFF
        nibbles = (nibbles | nibbles << 8) & 0x00FF_00FF_00FF_00FF
        nibbles = (nibbles | nibbles << 4) & 0x0F0F_0F0F_0F0F_0F0F
        // 1 in each byte whose nibble is above 9: those are letters.
        let letters = ((nibbles &+ 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101
        return nibbles &+ 0x3030_3030_3030_3030 &+ letters &* UInt64(UInt8(ascii: "a") - UInt8(ascii: "0") - 10)
    }
}

/// Makes ids from 128 random bits that it got once: half of them tell this maker from all others, the other half start a
/// sequence that does not repeat within 2^64 ids. They are no secrets: who knows some can tell the next.
package struct RequestIDGenerator: Sendable {
    private let maker: UInt64
    private var sequence: SeededGenerator

    /// A maker of ids.
    package init(randomness: (UInt64, UInt64)) {
        maker = randomness.0
        sequence = SeededGenerator(seed: randomness.1)
    }

    /// The next id.
    package mutating func next() -> RequestID { .made(maker, sequence.next()) }
}
