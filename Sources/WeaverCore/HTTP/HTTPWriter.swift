extension OutputBuffer {
    /// Appends a range of a head's buffer.
    package mutating func append(_ range: ByteRange, of content: RawSpan) {
        append(content.extracting(range.range))
    }

    /// Appends a field as it was sent, with one space before its value.
    package mutating func append(_ field: HeadField, of content: RawSpan) {
        // Almost all were sent that way: one copy of the line instead of four.
        if field.isCanonical(in: content) {
            return append(content.extracting(Int(field.name.start)..<Int(field.value.end) + 2))
        }
        append(field.name, of: content)
        append(ascii: ": ")
        append(field.value, of: content)
        append(ascii: "\r\n")
    }

    /// Appends `number` in decimal.
    package mutating func append(decimal number: UInt64) {
        if number >= 10 { append(decimal: number / 10) }
        append(UInt8(ascii: "0") + UInt8(number % 10))
    }

    /// Room for what stands around the bytes of a chunk.
    private static let chunkFraming = 20

    /// Appends `bytes`, at least one, as a chunk.
    package mutating func appendChunk(_ bytes: RawSpan) {
        // At once: the line's end behind it would double the memory, and copy it.
        reserve(bytes.byteCount + Self.chunkFraming)
        appendChunkHeader(bytes.byteCount)
        append(bytes)
        append(ascii: "\r\n")
    }

    /// Appends the line in front of a chunk of `count` bytes, more than none: a chunk of none ends the body.
    private mutating func appendChunkHeader(_ count: Int) {
        precondition(count > 0, "an empty chunk would end the body")
        var shift = (Int.bitWidth - 1 - count.leadingZeroBitCount) / 4 * 4
        while shift >= 0 {
            append(HTTPCharacters.hexDigit(UInt8((count >> shift) & 15)))
            shift -= 4
        }
        append(ascii: "\r\n")
    }

    /// Appends the last chunk and the trailer fields that may be passed on.
    package mutating func appendLastChunk(_ trailers: TrailerSection? = nil) {
        append(ascii: "0\r\n")
        if let trailers {
            let section = trailers.bytes
            let span = unsafe section.span.bytes
            for field in trailers.fields where TrailerSection.mayForward(field, in: span) { append(field, of: span) }
        }
        append(ascii: "\r\n")
    }
}
