// Containers of the fast codec: a u32 count, then the elements. Numbers travel as one block of memory: on a
// little-endian machine, and Swift runs on no other, their bytes in memory are their bytes on the wire.

/// Whether an array of `type` is one block of memory on the wire. Folded away where the type is known.
@inlinable
@inline(__always)
func isBlock<T>(_ type: T.Type) -> Bool {
    #if _endian(little)
        return type == UInt8.self || type == Int.self || type == Double.self || type == Float.self
            || type == Int64.self || type == UInt64.self || type == UInt.self || type == Int32.self
            || type == UInt32.self || type == Int16.self || type == UInt16.self || type == Int8.self
    #else
        return type == UInt8.self
    #endif
}

extension Optional: WireCodable where Wrapped: WireCodable {
    /// A byte, 0 for nil, then the value.
    @inlinable public func encode(wire encoder: inout WireEncoder) throws(WireError) {
        guard let self else { return encoder.append(0 as UInt8) }
        encoder.append(1 as UInt8)
        try encoder.enter()
        try self.encode(wire: &encoder)
        encoder.leave()
    }

    /// Reads the byte and the value.
    @inlinable public init(wire decoder: inout WireDecoder) throws(WireError) {
        switch try decoder.read(UInt8.self) {
        case 0: self = nil
        case 1:
            try decoder.enter()
            self = try Wrapped(wire: &decoder)
            decoder.leave()
        case let other: throw WireError(.badValue, "\(other) is neither nil nor a value")
        }
    }
}

extension Array: WireCodable where Element: WireCodable {
    /// The count alone.
    @inlinable public static var minimumWireSize: Int { 4 }

    /// The count and the elements; numbers by one copy.
    @inlinable public func encode(wire encoder: inout WireEncoder) throws(WireError) {
        try encoder.append(count: count)
        if isBlock(Element.self) {
            return unsafe withUnsafeBytes { block in
                unsafe encoder.output.append(RawSpan(_unsafeBytes: block))
            }
        }
        try encoder.enter()
        for element in self { try element.encode(wire: &encoder) }
        encoder.leave()
    }

    /// Reads the count and the elements; numbers by one copy. The memory of other elements is bounded by the message's
    /// budget, see ``WireLimits/decodedMemory(of:)``.
    @inlinable public init(wire decoder: inout WireDecoder) throws(WireError) {
        if isBlock(Element.self) {
            let count = try decoder.readCount(minimumElementSize: MemoryLayout<Element>.size)
            self = try unsafe decoder.readBlock(count: count)
            return
        }
        let count = try decoder.readCount(
            minimumElementSize: Element.minimumWireSize, stride: MemoryLayout<Element>.stride)
        self = []
        try decoder.enter()
        reserveCapacity(count)
        for _ in 0..<count { append(try Element(wire: &decoder)) }
        decoder.leave()
    }
}

extension Set: WireCodable where Element: WireCodable {
    /// The count alone.
    @inlinable public static var minimumWireSize: Int { 4 }

    /// The count and the elements, in no order.
    @inlinable public func encode(wire encoder: inout WireEncoder) throws(WireError) {
        try encoder.append(count: count)
        try encoder.enter()
        for element in self { try element.encode(wire: &encoder) }
        encoder.leave()
    }

    /// Reads the elements; one that comes twice is an error.
    @inlinable public init(wire decoder: inout WireDecoder) throws(WireError) {
        let count = try decoder.readCount(
            minimumElementSize: Element.minimumWireSize, stride: MemoryLayout<Element>.stride)
        self = []
        try decoder.enter()
        for _ in 0..<count {
            guard insert(try Element(wire: &decoder)).inserted else {
                throw WireError(.badValue, "an element of a Set comes twice")
            }
        }
        decoder.leave()
    }
}

extension Dictionary: WireCodable where Key: WireCodable, Value: WireCodable {
    /// The count alone.
    @inlinable public static var minimumWireSize: Int { 4 }

    /// The count, then key and value in turn, in no order.
    @inlinable public func encode(wire encoder: inout WireEncoder) throws(WireError) {
        try encoder.append(count: count)
        try encoder.enter()
        for (key, value) in self {
            try key.encode(wire: &encoder)
            try value.encode(wire: &encoder)
        }
        encoder.leave()
    }

    /// Reads keys and values; a key that comes twice is an error.
    @inlinable public init(wire decoder: inout WireDecoder) throws(WireError) {
        let count = try decoder.readCount(
            minimumElementSize: Key.minimumWireSize + Value.minimumWireSize,
            stride: MemoryLayout<(Key, Value)>.stride)
        self = [:]
        try decoder.enter()
        for _ in 0..<count {
            let key = try Key(wire: &decoder)
            guard updateValue(try Value(wire: &decoder), forKey: key) == nil else {
                throw WireError(.badValue, "a key of a Dictionary comes twice")
            }
        }
        decoder.leave()
    }
}
