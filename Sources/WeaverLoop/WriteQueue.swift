package import WeaverCore

/// The bytes that a stream has still to send, in order.
///
/// Encoders append to an open tail, in place. Bytes that someone else owns already (a large body) are queued as they
/// are. What one flush could not send is sealed and goes out when the socket takes it. Pure bookkeeping: the stream
/// does the system calls.
struct WriteQueue: ~Copyable {
    /// The tail's memory is given back to the system when one tick has made it larger than this.
    static let retainedTail = 256 * 1024

    /// How many pieces one gathered write takes.
    static let piecesPerWrite = 64

    /// Where encoders append.
    var tail = OutputBuffer()
    /// Complete pieces before the tail, oldest first.
    private(set) var sealed: [WritePiece] = []
    /// Bytes in `sealed` that have not been sent.
    private var sealedBytes = 0

    /// Bytes that have not been sent.
    var byteCount: Int { sealedBytes + tail.count }

    var isEmpty: Bool { sealed.isEmpty && tail.isEmpty }

    /// Queues a piece behind everything that was written before.
    mutating func append(_ piece: WritePiece) {
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

    private mutating func exchangeTail() -> OutputBuffer {
        var full = OutputBuffer()
        swap(&full, &tail)
        return full
    }

    /// Forgets `count` bytes of the tail, the only bytes there were, after a write that took them at once.
    mutating func sentFromTail(_ count: Int) {
        if count == tail.count {
            if tail.allocatedCapacity > Self.retainedTail { _ = exchangeTail() } else { tail.truncate(to: 0) }
        } else {
            sealTail()
            sent(count)
        }
    }

    /// Forgets the first `count` bytes of the sealed pieces.
    mutating func sent(_ count: Int) {
        var left = count
        var done = 0
        for piece in sealed {
            let taken = min(left, piece.remaining)
            piece.sent += taken
            left -= taken
            guard piece.remaining == 0 else { break }
            done += 1
        }
        sealedBytes -= count
        sealed.removeFirst(done)
    }

    /// Drops everything.
    mutating func removeAll() {
        sealed = []
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
