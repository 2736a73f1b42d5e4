/// What one HTTP message may cost before it is refused. Bytes of a peer are hostile: each limit is checked before
/// anything is kept.
package struct HTTPLimits: Sendable, Equatable {
    /// Bytes of a head: from the first byte of the start line up to and with the empty line. Past it: 431.
    package var headBytes = 64 * 1024
    /// Bytes of a request line with its CRLF. Past it: 414. RFC 9112 section 3 asks for at least 8000.
    package var requestLineBytes = 16 * 1024
    /// Header fields of one head, and of one trailer section. Past it: 431.
    package var fieldCount = 256
    /// Empty lines tolerated before a request line (RFC 9112 section 2.2). Past it: 400.
    package var leadingEmptyLines = 4
    /// Bytes of one chunk-size line with its extensions. Past it: 400.
    package var chunkLineBytes = 4 * 1024
    /// Bytes of all chunk extensions of one body: they carry nothing for us, and cost time. Past it: 400.
    package var chunkExtensionBytes = 16 * 1024
    /// Bytes of a trailer section. Past it: 431.
    package var trailerBytes = 8 * 1024
    /// Interim responses (1xx) in front of one final response. Past it the response is unusable.
    package var interimResponses = 16
    /// Bytes of a request's body, 0 for no limit. Past it: 413.
    package var bodyBytes: UInt64 = 0

    /// The defaults above.
    package init() {}
}
