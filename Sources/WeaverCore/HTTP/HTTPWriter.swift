/// Builds heads and chunk frames in a buffer that is kept from message to message.
package struct HTTPWriter: Sendable {
    /// What has been written.
    package private(set) var bytes: [UInt8]

    /// An empty writer with room for a usual head.
    package init(reservingCapacity capacity: Int = 1024) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Forgets what has been written, keeps the storage.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }

    /// Appends text of ours.
    package mutating func append(_ text: StaticString) {
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends text that the caller has checked for control characters.
    package mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    /// Appends bytes as they are.
    package mutating func append(_ content: RawSpan) {
        unsafe content.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    /// Appends a range of a head's buffer.
    package mutating func append(_ range: ByteRange, of content: RawSpan) {
        append(content.extracting(range.range))
    }

    /// Appends bytes as they are.
    package mutating func append(_ content: [UInt8]) {
        bytes.append(contentsOf: content)
    }

    /// Appends one byte.
    package mutating func append(_ byte: UInt8) {
        bytes.append(byte)
    }

    /// Appends `number` in decimal.
    package mutating func append(decimal number: UInt64) {
        let start = bytes.count
        var rest = number
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    /// Appends the line in front of a chunk of `count` bytes, more than none: a chunk of none ends the body.
    package mutating func appendChunkHeader(_ count: Int) {
        precondition(count > 0, "an empty chunk would end the body")
        let digits: StaticString = "0123456789abcdef"
        var shift = (Int.bitWidth - 1 - count.leadingZeroBitCount) / 4 * 4
        while shift >= 0 {
            unsafe bytes.append(digits.utf8Start[(count >> shift) & 15])
            shift -= 4
        }
        append("\r\n")
    }

    /// Appends the last chunk and the trailer fields that may be passed on.
    package mutating func appendLastChunk(_ trailers: TrailerSection? = nil) {
        append("0\r\n")
        if let trailers {
            let span = unsafe trailers.bytes.span.bytes
            for field in trailers.fields where TrailerSection.mayForward(field) { append(field, of: span) }
        }
        append("\r\n")
    }

    /// Appends a field as it was sent.
    package mutating func append(_ field: HeadField, of content: RawSpan) {
        append(field.name, of: content)
        append(": ")
        append(field.value, of: content)
        append("\r\n")
    }
}
