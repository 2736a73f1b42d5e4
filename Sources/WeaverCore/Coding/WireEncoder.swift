/// Writes values to the wire: little-endian integers of full width, u32 counts, no tags and no names.
///
/// Both ends run the same binary, so the layout is agreed by construction (DESIGN section 5). An encoder appends to
/// an ``OutputBuffer``, which on the event loop is the connection's own, so that nothing is copied afterwards.
public struct WireEncoder: ~Copyable {
    /// The bytes so far. A stream moves its own buffer in before encoding, and out afterwards.
    @usableFromInline package var output: OutputBuffer
    @usableFromInline var depth = 0

    /// An encoder that appends to `output`, which it owns from here on.
    @inlinable
    public init(output: consuming OutputBuffer = OutputBuffer()) {
        self.output = output
    }

    /// Gives the buffer back; the encoder is gone.
    @inlinable
    public consuming func takeOutput() -> OutputBuffer { output }

    /// Bytes written so far, those that were in the buffer before included.
    @inlinable public var count: Int { output.count }

    /// Appends an integer, little-endian, in its full width.
    @inlinable
    public mutating func append<I: FixedWidthInteger>(_ value: I) {
        output.append(value)
    }

    /// Appends raw bytes, without a count.
    @inlinable
    public mutating func append(_ bytes: RawSpan) {
        output.append(bytes)
    }

    /// Appends the u32 count that stands before the elements of a container.
    @inlinable
    public mutating func append(count: Int) throws(WireError) {
        guard let count = UInt32(exactly: count) else {
            throw WireError(.tooLong, "\(count) elements are more than a count of 32 bits can say")
        }
        output.append(count)
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
}

extension OutputBuffer {
    /// Lends an encoder that appends to this buffer.
    @inlinable
    @inline(__always)
    package mutating func withEncoder<R, E: Error>(_ body: (inout WireEncoder) throws(E) -> R) throws(E) -> R {
        var encoder = WireEncoder(output: exchange(&self, with: OutputBuffer()))
        do throws(E) {
            let result = try body(&encoder)
            self = encoder.takeOutput()
            return result
        } catch {
            self = encoder.takeOutput()
            throw error
        }
    }
}
