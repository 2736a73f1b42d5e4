/// A growing run of bytes with one owner: what encoders append to and what streams write from.
///
/// The memory is malloc'ed and freed with the buffer. Appending past the capacity doubles it, so pointers into the
/// buffer are valid only inside the closure they were lent to. Not thread-safe; moving it is free.
@safe
public struct OutputBuffer: ~Copyable {
    @usableFromInline var base: UnsafeMutableRawPointer?
    @usableFromInline var used: Int
    @usableFromInline var capacity: Int

    /// The smallest allocation, in bytes: one small call fits.
    @usableFromInline static var minimumCapacity: Int { 512 }

    /// An empty buffer. Nothing is allocated until the first append, unless `capacity` bytes are asked for.
    @inlinable
    public init(capacity: Int = 0) {
        unsafe base = capacity > 0 ? UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16) : nil
        used = 0
        self.capacity = capacity
    }

    @inlinable
    deinit {
        unsafe base?.deallocate()
    }

    /// Bytes appended so far.
    @inlinable public var count: Int { used }

    /// Whether nothing has been appended.
    @inlinable public var isEmpty: Bool { used == 0 }

    /// Bytes that the memory held now has room for, used ones included.
    package var allocatedCapacity: Int { capacity }

    /// Makes room for `additional` bytes, so that the next appends of that many do not allocate.
    @inlinable
    public mutating func reserve(_ additional: Int) {
        if capacity &- used < additional { grow(additional) }
    }

    @usableFromInline
    @inline(never)
    mutating func grow(_ additional: Int) {
        let wanted = max(used + additional, capacity * 2, Self.minimumCapacity)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
        if let old = unsafe base {
            unsafe memory.copyMemory(from: old, byteCount: used)
            unsafe old.deallocate()
        }
        unsafe base = memory
        capacity = wanted
    }

    /// Appends an integer, little-endian, in its full width.
    @inlinable
    public mutating func append<I: FixedWidthInteger>(_ value: I) {
        let size = MemoryLayout<I>.size
        reserve(size)
        unsafe base.unsafelyUnwrapped.storeBytes(of: value.littleEndian, toByteOffset: used, as: I.self)
        used &+= size
    }

    /// Appends a copy of `bytes`.
    @inlinable
    public mutating func append(_ bytes: RawSpan) {
        let size = bytes.byteCount
        guard size > 0 else { return }
        reserve(size)
        let target = unsafe base.unsafelyUnwrapped + used
        unsafe bytes.withUnsafeBytes { source in
            unsafe target.copyMemory(from: source.baseAddress.unsafelyUnwrapped, byteCount: size)
        }
        used &+= size
    }

    /// Appends a copy of `bytes`.
    @inlinable
    public mutating func append(_ bytes: [UInt8]) {
        unsafe append(bytes.span.bytes)
    }

    /// Appends the UTF-8 of `text`, without a length.
    @inlinable
    public mutating func append(utf8 text: String) {
        var text = text
        let count = text.utf8.count
        guard count > 0 else { return }
        reserve(count)
        let target = unsafe base.unsafelyUnwrapped + used
        text.withUTF8 { source in
            unsafe target.copyMemory(
                from: UnsafeRawPointer(source.baseAddress.unsafelyUnwrapped), byteCount: count)
        }
        used &+= count
    }

    /// Appends ASCII text known at compile time, such as a header's name: one copy, no allocation.
    @inlinable
    @inline(__always)
    public mutating func append(ascii text: StaticString) {
        // Inlined always, so that the copy of a few known bytes is a few moves.
        precondition(text.hasPointerRepresentation)
        let count = text.utf8CodeUnitCount
        reserve(count)
        unsafe (base.unsafelyUnwrapped + used).copyMemory(from: UnsafeRawPointer(text.utf8Start), byteCount: count)
        used &+= count
    }

    /// Overwrites an integer appended before at `offset`, such as a length known only afterwards.
    @inlinable
    public mutating func store<I: FixedWidthInteger>(_ value: I, at offset: Int) {
        precondition(offset >= 0 && offset &+ MemoryLayout<I>.size <= used, "store outside the bytes appended")
        unsafe base.unsafelyUnwrapped.storeBytes(of: value.littleEndian, toByteOffset: offset, as: I.self)
    }

    /// Forgets what was appended after the first `count` bytes; takes back a message that failed to encode.
    @inlinable
    public mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= used, "truncate past the end")
        used = count
    }

    /// Forgets the first `count` bytes and moves the rest to the front.
    package mutating func dropFirst(_ count: Int) {
        precondition(count >= 0 && count <= used, "drop past the end")
        guard count > 0, let memory = unsafe base else { return }
        let rest = used - count
        if rest > 0 { unsafe memory.copyMemory(from: memory + count, byteCount: rest) }
        used = rest
    }

    /// The bytes, lent for the time of `body`.
    @inlinable
    public func withBytes<R: ~Copyable, E: Error>(_ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        let bytes = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(base ?? Self.nowhere), byteCount: used)
        return try body(bytes)
    }

    /// Appends up to `maximum` bytes that `body` writes itself; it returns how many it wrote.
    package mutating func append<E: Error>(
        maximum: Int, _ body: (UnsafeMutableRawBufferPointer) throws(E) -> Int
    ) throws(E) {
        reserve(maximum)
        guard let memory = unsafe base else { return }
        let written = try unsafe body(UnsafeMutableRawBufferPointer(start: memory + used, count: maximum))
        precondition(written >= 0 && written <= maximum, "more bytes written than there was room for")
        used += written
    }

    /// Room for exactly `additional` more bytes behind those appended, not counted until ``commit(_:)``: where a system
    /// call reads to. Valid until the buffer is changed, moved or freed.
    package mutating func unsafeSpace(_ additional: Int) -> UnsafeMutableRawBufferPointer {
        reserve(additional)
        guard let memory = unsafe base else { return unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0) }
        return unsafe UnsafeMutableRawBufferPointer(start: memory + used, count: additional)
    }

    /// Counts `count` bytes, written to ``unsafeSpace(_:)``, as appended.
    package mutating func commit(_ count: Int) {
        precondition(count >= 0 && count <= capacity - used, "more bytes committed than there was room for")
        used += count
    }

    /// A copy of the bytes as an array.
    public func copyBytes() -> [UInt8] {
        unsafe [UInt8](unsafeBytes)
    }

    /// The memory itself, for the system calls of WeaverLoop: valid until the buffer is changed, moved or freed.
    package var unsafeBytes: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: base, count: used)
    }

    /// An address for spans without bytes; never read.
    @usableFromInline static var nowhere: UnsafeMutableRawPointer {
        unsafe UnsafeMutableRawPointer(bitPattern: 16).unsafelyUnwrapped
    }
}
