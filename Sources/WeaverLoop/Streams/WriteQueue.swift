internal import CUV
package import WeaverCore

/// The bytes that a stream has still to send, in order.
///
/// Encoders append to an open tail, in place. Bytes that someone else owns already (a large body) are queued as they
/// are. What one flush could not send is sealed and goes out when the socket takes it. Pure bookkeeping: the stream
/// does the system calls.
struct WriteQueue: ~Copyable {
    /// The tail's memory is given back to the system when one tick has made it larger than this.
    static let retainedTail = 256 * 1024

    /// The tail becomes a piece from this many bytes on, and a new one begins: what waits is not copied while it grows, and
    /// takes about as much memory as it has bytes.
    static let fullTail = 64 * 1024

    /// Memory of an empty tail that ``releaseIdleMemory()`` leaves.
    static let idleTail = 4 * 1024

    /// How many pieces one gathered write takes.
    static let piecesPerWrite = 64

    /// Where encoders append.
    var tail = OutputBuffer()
    /// Complete pieces before the tail, oldest first; those before `head` are gone.
    private var sealed: [WritePiece?] = []
    private var head = 0
    /// Bytes in `sealed` that have not been sent.
    private var sealedBytes = 0

    /// Bytes that have not been sent.
    var byteCount: Int { sealedBytes + tail.count }

    var isEmpty: Bool { sealedBytes == 0 && tail.isEmpty }

    /// Queues a piece behind everything that was written before.
    mutating func append(_ piece: WritePiece) {
        guard piece.remaining > 0 else { return }
        sealTail()
        sealed.append(piece)
        sealedBytes += piece.remaining
    }

    /// Makes the tail a piece, so that a write may keep pointers to it.
    mutating func sealTail() {
        guard !tail.isEmpty else { return }
        let piece = WritePiece(exchangeTail())
        sealedBytes += piece.remaining
        sealed.append(piece)
    }

    /// Makes the tail a piece when it is as long as it shall get.
    mutating func sealFullTail() {
        if tail.count >= Self.fullTail { sealTail() }
    }

    /// Gives back what is kept for the next writes, when nothing waits to be sent.
    mutating func releaseIdleMemory() {
        if isEmpty, tail.allocatedCapacity > Self.idleTail { _ = exchangeTail() }
    }

    private mutating func exchangeTail() -> OutputBuffer {
        var full = OutputBuffer()
        swap(&full, &tail)
        return full
    }

    /// Lays out the first bytes for one gathered write, the tail included when it fits. What is laid out is valid until
    /// the queue is used again. `vector` has room for ``piecesPerWrite``.
    func fill(_ vector: UnsafeMutablePointer<uv_buf_t>) -> (pieces: Int, bytes: Int) {
        var count = 0
        var bytes = 0
        for index in head..<min(sealed.count, head + Self.piecesPerWrite) {
            guard let piece = sealed[index] else { continue }
            unsafe vector[count] = unsafe Self.entry(piece.unsafeRemaining)
            bytes += piece.remaining
            count += 1
        }
        if count < Self.piecesPerWrite, !tail.isEmpty, head + count == sealed.count {
            unsafe vector[count] = unsafe Self.entry(tail.unsafeBytes)
            bytes += tail.count
            count += 1
        }
        return (count, bytes)
    }

    /// One entry of a vector.
    static func entry(_ bytes: UnsafeRawBufferPointer) -> uv_buf_t {
        let start = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
        var entry = unsafe uv_buf_init(start, 0)
        unsafe entry.len = bytes.count  // uv_buf_init takes 32 bits only
        return unsafe entry
    }

    /// The first `count` sealed pieces.
    func first(_ count: Int) -> [WritePiece] {
        sealed[head..<min(sealed.count, head + count)].compactMap { $0 }
    }

    /// Forgets the first `count` bytes.
    mutating func sent(_ count: Int) {
        // What most ticks write is in the tail alone.
        guard !sealed.isEmpty else { return tailSent(count) }
        var left = count
        while left > 0, head < sealed.count, let piece = sealed[head] {
            let taken = min(left, piece.remaining)
            piece.sent += taken
            left -= taken
            sealedBytes -= taken
            guard piece.remaining == 0 else { return }
            sealed[head] = nil
            head += 1
        }
        compact()
        if left > 0 { tailSent(left) }
    }

    private mutating func tailSent(_ left: Int) {
        precondition(left <= tail.count, "more bytes sent than were queued")
        if left == tail.count {
            if tail.allocatedCapacity > Self.retainedTail { _ = exchangeTail() } else { tail.truncate(to: 0) }
        } else {
            // The rest keeps its place in memory as a piece: moving it to the front would copy it at each write.
            sealTail()
            sent(left)
        }
    }

    /// Gives back the places of pieces that are gone, once they are at least half: each is moved once on average.
    private mutating func compact() {
        if head == sealed.count {
            sealed.removeAll(keepingCapacity: head <= Self.piecesPerWrite)
            head = 0
        } else if head * 2 > sealed.count, head >= Self.piecesPerWrite {
            sealed.removeFirst(head)
            head = 0
        }
    }

    /// Drops everything.
    mutating func removeAll() {
        sealed = []
        head = 0
        sealedBytes = 0
        _ = exchangeTail()
    }
}

/// Bytes that will not change any more, and how many of them have been sent.
@safe
package final class WritePiece {
    private let buffer: OutputBuffer
    private let array: [UInt8]
    var sent = 0
    private let count: Int

    /// A piece that owns a buffer.
    package init(_ buffer: consuming OutputBuffer) {
        count = buffer.count
        self.buffer = buffer
        array = []
    }

    /// A piece that keeps an array as it is.
    package init(_ array: [UInt8]) {
        count = array.count
        self.array = array
        buffer = OutputBuffer()
    }

    var remaining: Int { count - sent }

    /// What has not been sent; valid while the piece lives.
    var unsafeRemaining: UnsafeRawBufferPointer {
        // The storage of a native array does not move while it is retained, and nobody else can change this one: a
        // writer would find it shared and copy it.
        let all = unsafe array.isEmpty ? buffer.unsafeBytes : array.withUnsafeBytes { unsafe $0 }
        return unsafe UnsafeRawBufferPointer(rebasing: all[sent...])
    }
}
