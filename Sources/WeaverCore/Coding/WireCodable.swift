/// A value that travels by the fast codec: laid out by its own code, without names or tags.
///
/// `@Serializable` writes the conformance of a struct or an enum. Types of the standard library that can travel have
/// it here, those of Foundation in WeaverRuntime; anything else that is `Codable & Sendable` travels whole, as JSON.
public protocol WireCodable {
    /// The fewest bytes that any value of the type takes; 0 only for types without content. Bounds hostile counts.
    static var minimumWireSize: Int { get }
    /// Appends the value.
    func encode(wire encoder: inout WireEncoder) throws(WireError)
    /// Reads a value that ``encode(wire:)`` has written.
    init(wire decoder: inout WireDecoder) throws(WireError)
}

extension WireCodable {
    /// One byte, unless the type knows better.
    @inlinable public static var minimumWireSize: Int { 1 }
}

extension WireCodable where Self: FixedWidthInteger {
    /// The integer's width.
    @inlinable public static var minimumWireSize: Int { MemoryLayout<Self>.size }
    /// Appends the integer, little-endian.
    @inlinable public func encode(wire encoder: inout WireEncoder) throws(WireError) { encoder.append(self) }
    /// Reads the integer, little-endian.
    @inlinable public init(wire decoder: inout WireDecoder) throws(WireError) { self = try decoder.read(Self.self) }
}

extension Int8: WireCodable {}
extension Int16: WireCodable {}
extension Int32: WireCodable {}
extension Int64: WireCodable {}
extension Int: WireCodable {}
extension UInt8: WireCodable {}
extension UInt16: WireCodable {}
extension UInt32: WireCodable {}
extension UInt64: WireCodable {}
extension UInt: WireCodable {}

@available(macOS 15, *)
extension Int128: WireCodable {}
@available(macOS 15, *)
extension UInt128: WireCodable {}

extension Bool: WireCodable {
    /// One byte, 0 or 1.
    @inlinable public func encode(wire encoder: inout WireEncoder) throws(WireError) {
        encoder.append(self ? 1 as UInt8 : 0)
    }

    /// Reads one byte; anything but 0 and 1 is an error.
    @inlinable public init(wire decoder: inout WireDecoder) throws(WireError) {
        switch try decoder.read(UInt8.self) {
        case 0: self = false
        case 1: self = true
        case let other: throw WireError(.badValue, "\(other) is no Bool")
        }
    }
}

extension Float: WireCodable {
    /// Four bytes.
    @inlinable public static var minimumWireSize: Int { 4 }
    /// The bit pattern, so that every value, NaN payloads included, comes back as it was.
    @inlinable public func encode(wire encoder: inout WireEncoder) throws(WireError) { encoder.append(bitPattern) }
    /// Reads the bit pattern.
    @inlinable public init(wire decoder: inout WireDecoder) throws(WireError) {
        self.init(bitPattern: try decoder.read(UInt32.self))
    }
}

extension Double: WireCodable {
    /// Eight bytes.
    @inlinable public static var minimumWireSize: Int { 8 }
    /// The bit pattern, so that every value, NaN payloads included, comes back as it was.
    @inlinable public func encode(wire encoder: inout WireEncoder) throws(WireError) { encoder.append(bitPattern) }
    /// Reads the bit pattern.
    @inlinable public init(wire decoder: inout WireDecoder) throws(WireError) {
        self.init(bitPattern: try decoder.read(UInt64.self))
    }
}

extension String: WireCodable {
    /// The count alone.
    @inlinable public static var minimumWireSize: Int { 4 }
    /// A u32 count of bytes and the UTF-8.
    @inlinable public func encode(wire encoder: inout WireEncoder) throws(WireError) {
        try encoder.append(count: utf8.count)
        encoder.output.append(utf8: self)
    }

    /// Reads the text; what is not UTF-8 is an error.
    @inlinable public init(wire decoder: inout WireDecoder) throws(WireError) {
        let count = try decoder.readCount()
        self = try decoder.readString(count: count)
    }
}

extension Duration: WireCodable {
    /// Sixteen bytes.
    @inlinable public static var minimumWireSize: Int { 16 }
    /// The attoseconds, in 128 bits: every duration has them, also one of more seconds than 64 bits can say.
    @inlinable public func encode(wire encoder: inout WireEncoder) throws(WireError) { encoder.append(attoseconds) }
    /// Reads the attoseconds.
    @inlinable public init(wire decoder: inout WireDecoder) throws(WireError) {
        self.init(attoseconds: try decoder.read(Int128.self))
    }
}
