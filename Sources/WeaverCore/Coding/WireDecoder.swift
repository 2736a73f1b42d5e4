/// Reads values from bytes that were lent to it, checking everything before anything is allocated.
///
/// A decoder is only handed out as an `inout` parameter and is valid only inside that call: the bytes are the read
/// buffer's of a connection and are overwritten afterwards. Being noncopyable, it cannot be kept.
@safe
public struct WireDecoder: ~Copyable {
    @usableFromInline var next: UnsafeRawPointer
    @usableFromInline let end: UnsafeRawPointer
    @usableFromInline var depth = 0
    /// Bytes of memory that containers may still take.
    @usableFromInline var budget: Int

    @inlinable
    init(unsafeStart: UnsafeRawPointer, count: Int) {
        unsafe next = unsafeStart
        unsafe end = unsafeStart + count
        budget = WireLimits.decodedMemory(of: count)
    }

    /// Lends a decoder over `bytes` to `body`.
    @inlinable
    public static func withDecoder<R: ~Copyable, E: Error>(
        over bytes: RawSpan, _ body: (inout WireDecoder) throws(E) -> R
    ) throws(E) -> R {
        var decoder = unsafe WireDecoder(unsafeStart: bytes.unsafeStart, count: bytes.byteCount)
        return try body(&decoder)
    }

    /// Bytes that have not been read yet.
    @inlinable public var remaining: Int { unsafe end - next }

    @usableFromInline
    @inline(never)
    func truncated(_ needed: Int) -> WireError {
        WireError(.truncated, "\(needed) bytes are needed where \(remaining) are left")
    }

    /// Reads an integer, little-endian, in its full width.
    @inlinable
    public mutating func read<I: FixedWidthInteger>(_ type: I.Type = I.self) throws(WireError) -> I {
        let size = MemoryLayout<I>.size
        guard remaining >= size else { throw truncated(size) }
        let value = unsafe next.loadUnaligned(as: I.self)
        unsafe next += size
        return I(littleEndian: value)
    }

    /// Reads the u32 count of a container and refuses one that the rest of the bytes cannot hold, so that a hostile
    /// count never decides an allocation. `minimumElementSize` is the fewest bytes an element takes; elements that may
    /// take none are charged to the memory of the message.
    @inlinable
    public mutating func readCount(minimumElementSize: Int = 1) throws(WireError) -> Int {
        try readCount(minimumElementSize: minimumElementSize, stride: minimumElementSize > 0 ? 0 : 1)
    }

    /// Reads the count of a container whose elements take `stride` bytes of memory each, and charges them to the
    /// message, so that room for all of them can be reserved at once.
    @inlinable
    mutating func readCount(minimumElementSize: Int, stride: Int) throws(WireError) -> Int {
        let count = Int(try read(UInt32.self))
        guard minimumElementSize == 0 || count <= remaining / minimumElementSize else {
            throw WireError(.badCount, "a count of \(count) where \(remaining) bytes are left")
        }
        if stride > 0 { try charge(count * stride) }
        return count
    }

    /// Takes `memory` bytes from what the containers of the message may take together, in all and at every level: a
    /// container of few bytes on the wire may be large in memory, and may come often.
    @inlinable
    mutating func charge(_ memory: Int) throws(WireError) {
        guard memory <= budget else {
            throw WireError(.tooLarge, "the values take \(memory - budget) bytes of memory more than their bytes allow")
        }
        budget -= memory
    }

    /// Lends the next `count` bytes to `body`, in place.
    @inlinable
    public mutating func readBytes<R>(count: Int, _ body: (RawSpan) -> R) throws(WireError) -> R {
        guard count >= 0, remaining >= count else { throw truncated(count) }
        let bytes = unsafe RawSpan(_unsafeStart: next, byteCount: count)
        unsafe next += count
        return body(bytes)
    }

    /// Reads `count` bytes into an array, by one copy.
    @inlinable
    public mutating func readArray(count: Int) throws(WireError) -> [UInt8] {
        guard count >= 0, remaining >= count else { throw truncated(count) }
        let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: next, count: count))
        unsafe next += count
        return bytes
    }

    /// Reads `count` values whose bytes in memory are their bytes on the wire, by one copy. Only for such types.
    @unsafe
    @inlinable
    mutating func readBlock<Element>(count: Int) throws(WireError) -> [Element] {
        let size = count * MemoryLayout<Element>.stride
        guard count >= 0, remaining >= size else { throw truncated(size) }
        let source = unsafe UnsafeRawBufferPointer(start: next, count: size)
        unsafe next += size
        guard count > 0 else { return [] }
        // Twice as fast, and of bytes only, which lie right at every address.
        if MemoryLayout<Element>.stride == 1 { return unsafe [Element](source.bindMemory(to: Element.self)) }
        return unsafe [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
            unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: source)
            initialized = count
        }
    }

    /// Reads `count` bytes as a String, refusing what is not UTF-8.
    @inlinable
    public mutating func readString(count: Int) throws(WireError) -> String {
        guard count >= 0, remaining >= count else { throw truncated(count) }
        let bytes = unsafe UnsafeRawBufferPointer(start: next, count: count)
        guard let text = unsafe String(validating: bytes, as: UTF8.self) else {
            throw WireError(.invalidUTF8, "\(count) bytes of a String are not UTF-8")
        }
        unsafe next += count
        return text
    }

    /// Goes one level deeper; every recursive type calls it, and ``leave()`` afterwards.
    @inlinable
    public mutating func enter() throws(WireError) {
        depth &+= 1
        guard depth <= WireLimits.nestingDepth else {
            throw WireError(.tooDeep, "values are nested deeper than \(WireLimits.nestingDepth) levels")
        }
    }

    /// Comes back from one level.
    @inlinable
    public mutating func leave() {
        depth &-= 1
    }

    /// Says that the last value has been read: bytes that are left are an error.
    @inlinable
    public func finish() throws(WireError) {
        guard remaining == 0 else {
            throw WireError(.trailingBytes, "\(remaining) bytes are left after the last value")
        }
    }
}

extension RawSpan {
    /// The first byte's address; the span's owner must stay alive while it is used.
    @usableFromInline var unsafeStart: UnsafeRawPointer {
        @_transparent get {
            unsafe withUnsafeBytes { unsafe $0.baseAddress ?? UnsafeRawPointer(OutputBuffer.nowhere) }
        }
    }
}
