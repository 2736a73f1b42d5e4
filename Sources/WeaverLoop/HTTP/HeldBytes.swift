internal import WeaverCore

/// Bytes that have arrived and cannot be used yet: a partial head, a body that is held back, requests in a pipeline.
///
/// Taking from the front moves nothing, so that a pipeline costs what its bytes cost, however many requests they are.
struct HeldBytes: ~Copyable {
    /// Bytes of memory that are kept while nothing is held.
    static let keptCapacity = 4096

    private var buffer = OutputBuffer()
    private var start = 0

    /// How many there are.
    var count: Int { buffer.count - start }

    /// Nothing is held.
    var isEmpty: Bool { count == 0 }

    /// Adds bytes behind the others.
    mutating func append(_ bytes: RawSpan) {
        // What is moved here was paid for by at least as many bytes that have been consumed.
        if start > 0, start * 2 >= buffer.count {
            buffer.dropFirst(start)
            start = 0
        }
        buffer.append(bytes)
    }

    /// Forgets the first `count` bytes.
    mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= self.count, "more bytes consumed than were held")
        start += count
        guard start == buffer.count else { return }
        start = 0
        if buffer.allocatedCapacity > Self.keptCapacity { buffer = OutputBuffer() } else { buffer.truncate(to: 0) }
    }

    /// The bytes, lent for the time of `body`.
    func withBytes<R>(_ body: (RawSpan) -> R) -> R {
        buffer.withBytes { body($0.extracting(start..<$0.byteCount)) }
    }
}
