// The frame, the unit that RPC connections carry in both directions:
//
//     0        8      9              16
//     +--------+------+---------------+---------- - -
//     | id u64 | kind | length 56 bit | payload
//     +--------+------+---------------+---------- - -
//
// Everything is little-endian. `id` pairs a response, an error or a cancel with its request, and a pong with its ping;
// it is 0 where nothing is paired. A call's id is a slot of the caller's table (low 32 bits, from 0, freed ones first) and the
// slot's generation, from 1: a new request in a slot says that its earlier call was given up.

/// What a frame is.
package enum FrameKind: UInt8, Sendable {
    /// The first frame of each side: ``Hello``.
    case hello = 1
    /// A call: ``RequestHeader``, then the arguments.
    case request = 2
    /// A call's result.
    case response = 3
    /// A call's failure: ``ErrorPayload``. With id 0: why the connection is being closed.
    case error = 4
    /// The caller does not want the result any more.
    case cancel = 5
    /// Asks for a pong with the same id.
    case ping = 6
    /// Answers a ping.
    case pong = 7
    /// The sender takes no new calls; those in flight are answered.
    case goaway = 8
}

/// The first 16 bytes of a frame.
package struct FrameHeader: Equatable, Sendable {
    /// The encoded size in bytes.
    package static let size = 16

    /// Pairs frames with each other; 0 where nothing is paired.
    package var id: UInt64
    /// What the frame is.
    package var kind: FrameKind
    /// The number of payload bytes that follow.
    package var length: Int

    package init(id: UInt64, kind: FrameKind, length: Int) {
        self.id = id
        self.kind = kind
        self.length = length
    }

    /// Reads a header from the first 16 bytes of `bytes`, which has at least as many.
    init(_ bytes: RawSpan) throws(FrameError) {
        let id = unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self))
        let word = unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self))
        guard let kind = FrameKind(rawValue: UInt8(truncatingIfNeeded: word)) else {
            throw .unknownKind(UInt8(truncatingIfNeeded: word))
        }
        self.init(id: id, kind: kind, length: Int(word >> 8))
    }
}

/// Why bytes are not frames. The connection they came from cannot be used any more.
package enum FrameError: Error, Equatable, CustomStringConvertible {
    /// The header has a kind that the protocol does not have.
    case unknownKind(UInt8)
    /// The header announces a payload longer than is allowed now.
    case tooLong(Int, limit: Int)

    package var description: String {
        switch self {
        case .unknownKind(let kind): "a frame is of the unknown kind \(kind)"
        case .tooLong(let length, let limit): "a frame of \(length) bytes, where \(limit) are the limit"
        }
    }
}

extension FrameError {
    /// The error that the calls of the connection fail with.
    package var callError: CallError {
        switch self {
        case .unknownKind: CallError(.internalError, description, cause: self)
        case .tooLong: CallError(.frameTooLarge, description, cause: self)
        }
    }
}

extension WireEncoder {
    /// Writes one frame, whose payload `payload` writes. What it wrote is taken back when it throws, and when the
    /// payload is longer than `limit`.
    @inline(__always)
    package mutating func appendFrame(
        id: UInt64, kind: FrameKind, limit: Int, payload: (inout WireEncoder) throws(WireError) -> Void
    ) throws(CallError) {
        let start = count
        append(id)
        append(0 as UInt64)
        do {
            try payload(&self)
        } catch {
            abandonFrame(at: start)
            let code: CallError.Code = kind == .request ? .badArguments : .badReply
            throw CallError(code, "cannot be encoded: \(error.message)", cause: error)
        }
        let length = count - start - FrameHeader.size
        guard length <= limit else {
            abandonFrame(at: start)
            throw CallError(.frameTooLarge, "a message of \(length) bytes, where \(limit) are the limit")
        }
        output.store(UInt64(kind.rawValue) | UInt64(length) << 8, at: start + 8)
    }

    /// Writes a frame without payload.
    package mutating func appendFrame(id: UInt64, kind: FrameKind) {
        append(id)
        append(UInt64(kind.rawValue))
    }

    private mutating func abandonFrame(at start: Int) {
        output.truncate(to: start)
        depth = 0
    }
}
