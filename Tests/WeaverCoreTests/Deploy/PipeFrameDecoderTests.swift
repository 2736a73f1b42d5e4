import Testing

@testable import WeaverCore

@Suite struct PipeFrameDecoderTests {
    private static let messages: [[UInt8]] = [[1, 2, 3], [], [4], [UInt8](repeating: 9, count: 300), []]

    private static func frame(_ message: [UInt8], count: Int? = nil) -> [UInt8] {
        let count = UInt32(count ?? message.count)
        return (0..<4).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) } + message
    }

    /// What comes out when `pieces` are fed one after the other, and how many bytes are kept.
    private func decode(_ pieces: [ArraySlice<UInt8>], limit: Int = PipeLimits.messageSize) throws(PipeFrameError) -> (
        [[UInt8]], Int
    ) {
        var decoder = PipeFrameDecoder(limit: limit)
        var messages: [[UInt8]] = []
        for piece in pieces {
            unsafe try decoder.feed(Array(piece).span.bytes) { message in
                unsafe messages.append(message.withUnsafeBytes { unsafe [UInt8]($0) })
                return true
            }
        }
        return (messages, decoder.pendingBytes)
    }

    @Test func `messages come out whole`() throws {
        let bytes = Self.messages.flatMap { Self.frame($0) }
        let (messages, pending) = try decode([bytes[...]])
        #expect(messages == Self.messages)
        #expect(pending == 0)
    }

    @Test func `messages come out byte by byte`() throws {
        let bytes = Self.messages.flatMap { Self.frame($0) }
        #expect(try decode(bytes.indices.map { bytes[$0...$0] }).0 == Self.messages)
    }

    @Test func `messages come out however the bytes are split`() throws {
        let bytes = Self.messages.flatMap { Self.frame($0) }
        for split in bytes.indices {
            let (messages, pending) = try decode([bytes[..<split], bytes[split...]])
            #expect(messages == Self.messages, "split at \(split)")
            #expect(pending == 0)
        }
    }

    @Test func `a message that has not come whole is kept and counted`() throws {
        let bytes = Self.frame([1, 2, 3]) + Self.frame([4, 5, 6])
        for end in bytes.indices {
            let (messages, pending) = try decode([bytes[..<end]])
            #expect(messages.count == end / 7)
            #expect(pending == end % 7)
        }
    }

    @Test func `after a message that makes no sense the later ones of the same read are not handed over`() throws {
        var decoder = PipeFrameDecoder()
        var messages: [[UInt8]] = []
        let bytes = Self.frame([1]) + Self.frame([2]) + Self.frame([3])
        unsafe try decoder.feed(bytes.span.bytes) { message in
            unsafe messages.append(message.withUnsafeBytes { unsafe [UInt8]($0) })
            return messages.count < 2
        }
        #expect(messages == [[1], [2]])
    }

    @Test func `the memory of a large message is given back`() throws {
        var decoder = PipeFrameDecoder()
        let small = Self.frame([UInt8](repeating: 1, count: 1000))
        unsafe try decoder.feed(small.span.bytes) { _ in true }
        let kept = decoder.heldCapacity
        #expect(kept > 0)
        let large = Self.frame([UInt8](repeating: 1, count: PipeFrameDecoder.keptCapacity))
        unsafe try decoder.feed(large.span.bytes) { _ in true }
        #expect(decoder.heldCapacity == 0)
    }

    @Test func `a count over the limit is an error before its bytes come`() throws {
        #expect(try decode([Self.frame([UInt8](repeating: 0, count: 10))[...]], limit: 10).0.count == 1)
        for count in [11, 1 << 31, Int(UInt32.max)] {
            #expect(throws: PipeFrameError.tooLarge(count: UInt32(count), limit: 10)) {
                try decode([Self.frame([], count: count)[...]], limit: 10)
            }
        }
        #expect(
            PipeFrameError.tooLarge(count: 11, limit: 10).description
                == "a pipe message of 11 bytes, where at most 10 are allowed")
    }

    @Test func `a count at the protocol's limit is waited for, and one over it is not`() throws {
        let limit = PipeLimits.messageSize
        #expect(try decode([Self.frame([], count: limit)[...]], limit: limit).1 == 4)
        #expect(throws: PipeFrameError.tooLarge(count: UInt32(limit) + 1, limit: limit)) {
            try decode([Self.frame([], count: limit + 1)[...]], limit: limit)
        }
    }
}
