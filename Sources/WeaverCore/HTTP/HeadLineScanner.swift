/// Finds the CRLF-ended lines of a head as its bytes arrive, looking at every byte once however they are split.
///
/// The buffer that is passed always starts at the head's first byte; only its end grows. Line ends are CRLF alone: a
/// bare CR or LF, which RFC 9112 section 2.2 lets some readers take for a line end, is refused, because another
/// reader in the chain may not.
package struct HeadLineScanner: Sendable {
    /// Where the line that is being looked for starts: the number of bytes of all lines found.
    package private(set) var lineStart = 0
    private var position = 0

    /// Starts at offset 0.
    package init() {}

    /// The next line without its CRLF, nil when it has not arrived in full.
    ///
    /// - Parameters:
    ///   - bytes: everything that arrived since the head began.
    ///   - limit: the offset before which the line has to end, CRLF included.
    ///   - excess: thrown when it does not.
    package mutating func nextLine(
        in bytes: RawSpan, limit: Int, excess: HTTPFault
    ) throws(HTTPFault) -> Range<Int>? {
        // Never past the limit, so that the verdict does not depend on how the bytes were split.
        let end = min(bytes.byteCount, limit)
        while true {
            position = bytes.firstControl(in: position..<end)
            guard position < end else {
                if end == limit { throw excess }
                return nil
            }
            switch bytes.byte(position) {
            case 0x09:
                position += 1
            case 0x0D:
                guard position + 1 < end else {
                    if end == limit { throw excess }
                    return nil
                }
                guard bytes.byte(position + 1) == 0x0A else { throw .bareCarriageReturn }
                let line = lineStart..<position
                position += 2
                lineStart = position
                return line
            case 0x0A:
                throw .bareLineFeed
            default:
                throw .controlCharacter
            }
        }
    }
}
