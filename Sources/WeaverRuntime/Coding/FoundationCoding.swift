#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension Date: WireCodable {
    /// Eight bytes.
    public static var minimumWireSize: Int { 8 }
    /// Seconds since the reference date, bit for bit.
    public func encode(wire encoder: inout WireEncoder) throws(WireError) {
        try timeIntervalSinceReferenceDate.encode(wire: &encoder)
    }

    /// Reads the seconds.
    public init(wire decoder: inout WireDecoder) throws(WireError) {
        self.init(timeIntervalSinceReferenceDate: try Double(wire: &decoder))
    }
}

extension UUID: WireCodable {
    /// Sixteen bytes.
    public static var minimumWireSize: Int { 16 }
    /// The bytes, in the order of the text.
    public func encode(wire encoder: inout WireEncoder) throws(WireError) {
        unsafe withUnsafeBytes(of: uuid) { unsafe encoder.append($0.bytes) }
    }

    /// Reads the bytes.
    public init(wire decoder: inout WireDecoder) throws(WireError) {
        func next() throws(WireError) -> UInt8 { try decoder.read(UInt8.self) }
        self.init(
            uuid: (
                try next(), try next(), try next(), try next(), try next(), try next(), try next(), try next(),
                try next(), try next(), try next(), try next(), try next(), try next(), try next(), try next()
            ))
    }
}

extension UUID: RoutingKey {
    /// All bits.
    public func hash(into hasher: inout RoutingHasher) {
        unsafe withUnsafeBytes(of: uuid) { bytes in
            for offset in stride(from: 0, to: 16, by: 8) {
                hasher.combine(UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            }
        }
    }
}

extension Data: WireCodable {
    /// The count alone.
    public static var minimumWireSize: Int { 4 }
    /// A u32 count and the bytes.
    public func encode(wire encoder: inout WireEncoder) throws(WireError) {
        try encoder.append(count: count)
        encoder.append(bytes)
    }

    /// Reads the bytes, by one copy.
    public init(wire decoder: inout WireDecoder) throws(WireError) {
        let count = try decoder.readCount()
        self = try decoder.readBytes(count: count) { bytes in unsafe bytes.withUnsafeBytes { unsafe Data($0) } }
    }
}

extension URL: WireCodable {
    /// The count alone.
    public static var minimumWireSize: Int { 4 }
    /// The absolute text.
    public func encode(wire encoder: inout WireEncoder) throws(WireError) {
        try absoluteString.encode(wire: &encoder)
    }

    /// Reads the text; one that is no URL is an error.
    public init(wire decoder: inout WireDecoder) throws(WireError) {
        let text = try String(wire: &decoder)
        guard let url = URL(string: text) else { throw WireError(.badValue, "\(text.debugDescription) is no URL") }
        self = url
    }
}

extension Decimal: WireCodable {
    /// The count alone.
    public static var minimumWireSize: Int { 4 }
    /// The decimal text, which is exact.
    public func encode(wire encoder: inout WireEncoder) throws(WireError) {
        try description.encode(wire: &encoder)
    }

    /// Reads the text; one that is not the text of a number, to the last letter, is an error.
    public init(wire decoder: inout WireDecoder) throws(WireError) {
        let text = try String(wire: &decoder)
        let number = text == Decimal.nan.description ? .nan : Decimal(string: text, locale: nil)
        // Foundation reads the number at the beginning of any text.
        guard let number, number.description == text else {
            throw WireError(.badValue, "\(text.debugDescription) is no decimal number")
        }
        self = number
    }
}
