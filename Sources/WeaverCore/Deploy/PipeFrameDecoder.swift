/// Why the bytes on a pipe are no messages.
package enum PipeFrameError: Error, Equatable, CustomStringConvertible {
    case tooLarge(count: UInt32, limit: Int)

    package var description: String {
        switch self {
        case .tooLarge(let count, let limit): "a pipe message of \(count) bytes, where at most \(limit) are allowed"
        }
    }
}

/// Cuts what arrives on a pipe into messages: a u32 count, little-endian, and as many bytes.
///
/// The count is checked before anything is kept for it, and memory grows only with what has arrived.
package struct PipeFrameDecoder: ~Copyable {
    private var buffer = OutputBuffer()
    private let limit: Int

    package init(limit: Int = PipeLimits.messageSize) {
        self.limit = limit
    }

    /// The memory that is kept for the next message; after a larger one it is given back. 256 KiB.
    package static let keptCapacity = 256 << 10

    /// Takes bytes and hands each message that is now complete to `onMessage`, until that says false: what follows a
    /// message that makes no sense is not read.
    package mutating func feed(_ bytes: RawSpan, onMessage: (RawSpan) -> Bool) throws(PipeFrameError) {
        buffer.append(bytes)
        var offset = 0
        while let length = try messageLength(at: offset), buffer.count - offset - 4 >= length {
            let start = offset + 4
            let goesOn = buffer.withBytes { onMessage($0.extracting(start..<start + length)) }
            offset = start + length
            guard goesOn else { break }
        }
        buffer.dropFirst(offset)
        if buffer.isEmpty, buffer.allocatedCapacity > Self.keptCapacity { buffer = OutputBuffer() }
    }

    private func messageLength(at offset: Int) throws(PipeFrameError) -> Int? {
        guard buffer.count - offset >= 4 else { return nil }
        let count = buffer.withBytes { unsafe $0.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self) }
        let length = UInt32(littleEndian: count)
        guard length <= UInt32(limit) else { throw .tooLarge(count: length, limit: limit) }
        return Int(length)
    }

    /// Bytes of a message that has not arrived whole.
    package var pendingBytes: Int { buffer.count }

    /// The memory that is held for messages now.
    package var heldCapacity: Int { buffer.allocatedCapacity }
}
