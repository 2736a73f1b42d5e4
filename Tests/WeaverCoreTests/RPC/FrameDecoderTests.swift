import TestSupport
import Testing

@testable import WeaverCore

@Suite struct FrameDecoderTests {
    struct Frame: Equatable {
        var id: UInt64
        var kind: FrameKind
        var payload: [UInt8]
    }

    private let frames = [
        Frame(id: 1, kind: .request, payload: Array(0..<40)), Frame(id: 0, kind: .ping, payload: []),
        Frame(id: .max, kind: .response, payload: [7]), Frame(id: 2, kind: .error, payload: Array(0..<100)),
        Frame(id: 3, kind: .goaway, payload: []),
    ]

    private func encode(_ frames: [Frame]) throws -> [UInt8] {
        var encoder = WireEncoder()
        for frame in frames {
            try encoder.appendFrame(id: frame.id, kind: frame.kind, limit: 1000) { wire throws(WireError) in
                for byte in frame.payload { wire.append(byte) }
            }
        }
        return encoder.takeOutput().copyBytes()
    }

    private func decode(_ pieces: [[UInt8]], limit: Int = 1000) throws -> [Frame] {
        var decoder = FrameDecoder(maximumLength: limit)
        var frames: [Frame] = []
        for piece in pieces {
            try feed(&decoder, piece) { header, payload in
                #expect(header.length == payload.byteCount)
                frames.append(Frame(id: header.id, kind: header.kind, payload: Array(copying: payload)))
                return true
            }
        }
        let bufferedBytes = decoder.bufferedBytes
        #expect(bufferedBytes == 0)
        return frames
    }

    @Test func `frames survive every way of cutting the stream`() throws {
        let problems = try verifyCodec(try encode(frames), expected: frames) { try decode($0) }
        #expect(problems.isEmpty)
    }

    @Test func `a payload of the limit passes and one byte more is refused before its bytes come`() throws {
        let bytes = try encode([Frame(id: 1, kind: .request, payload: [UInt8](repeating: 1, count: 50))])
        #expect(try decode([bytes], limit: 50).count == 1)
        var decoder = FrameDecoder(maximumLength: 49)
        #expect(throws: FrameError.tooLong(50, limit: 49)) {
            try feed(&decoder, Array(bytes[..<16])) { _, _ in true }
        }
    }

    @Test func `a hostile length is refused without allocating for it`() throws {
        var decoder = FrameDecoder(maximumLength: 1000)
        let header: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]
        #expect(throws: FrameError.self) { try feed(&decoder, header) { _, _ in true } }
        let bufferedBytes = decoder.bufferedBytes
        #expect(bufferedBytes == 0)
    }

    @Test(arguments: [0, 9, 255] as [UInt8])
    func `a kind that the protocol does not have is refused`(_ kind: UInt8) {
        var decoder = FrameDecoder(maximumLength: 1000)
        let header: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0, kind, 0, 0, 0, 0, 0, 0, 0]
        #expect(throws: FrameError.unknownKind(kind)) { try feed(&decoder, header) { _, _ in true } }
    }

    @Test func `saying no stops at that frame`() throws {
        var decoder = FrameDecoder(maximumLength: 1000)
        var seen = 0
        try feed(&decoder, try encode(frames)) { _, _ in
            seen += 1
            return seen < 2
        }
        #expect(seen == 2)
    }

    @Test func `a large payload can be read straight into its storage`() throws {
        let length = FrameDecoder.directReadThreshold + 100
        var decoder = FrameDecoder(maximumLength: length)
        var encoder = WireEncoder()
        try encoder.appendFrame(id: 5, kind: .request, limit: length) { wire throws(WireError) in
            for index in 0..<length { wire.append(UInt8(truncatingIfNeeded: index)) }
        }
        let bytes = encoder.takeOutput().copyBytes()
        try feed(&decoder, Array(bytes[..<80])) { _, _ in false }
        var offset = 80
        var received: [UInt8] = []
        let wantsDirectRead = decoder.wantsDirectRead
        #expect(wantsDirectRead)
        while received.isEmpty {
            let space = unsafe decoder.directReadSpace()
            #expect(space.count == bytes.count - offset)
            let count = min(space.count, 1000)
            for index in 0..<count { unsafe space[index] = bytes[offset + index] }
            offset += count
            decoder.didReadDirectly(count) { _, payload in
                received = Array(copying: payload)
                return true
            }
        }
        #expect(received == Array(bytes[16...]))
        let bufferedBytes = decoder.bufferedBytes
        #expect(bufferedBytes == 0)
        let wantsMore = decoder.wantsDirectRead
        #expect(!wantsMore)
    }

    @Test func `a frame whose payload fails to encode leaves nothing behind`() throws {
        var encoder = WireEncoder()
        encoder.append(7 as UInt8)
        for (kind, code) in [(FrameKind.request, CallError.Code.badArguments), (.response, .badReply)] {
            let error = #expect(throws: CallError.self) {
                try encoder.appendFrame(id: 1, kind: kind, limit: 100) { wire throws(WireError) in
                    wire.append(0 as UInt64)
                    throw WireError(.tooLong, "on purpose")
                }
            }
            #expect(error?.code == code)
        }
        let count = encoder.count
        #expect(count == 1)
    }
}

private func feed(
    _ decoder: inout FrameDecoder, _ bytes: [UInt8], _ frame: (FrameHeader, RawSpan) -> Bool
) throws(FrameError) {
    try unsafe decoder.feed(bytes.span.bytes, frame: frame)
}

extension Array<UInt8> {
    /// The bytes of a span.
    init(copying bytes: RawSpan) {
        self = unsafe bytes.withUnsafeBytes { unsafe Array($0) }
    }
}
