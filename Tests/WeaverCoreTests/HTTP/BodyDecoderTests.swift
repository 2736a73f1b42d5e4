import Testing

@testable import WeaverCore

struct BodyDecoderTests {
    private enum Outcome: Equatable {
        case ended(String, rest: String)
        case unfinished(String)
        case fault(HTTPFault)
    }

    /// Decodes `text` cut at `cuts`.
    private func decode(
        _ text: String, _ framing: BodyFraming, cuts: [Int], limits: HTTPLimits = HTTPLimits()
    ) -> Outcome {
        let bytes = Array(text.utf8)
        var decoder = BodyDecoder(framing, limits: limits)
        var content: [UInt8] = []
        var start = 0
        for end in cuts + [bytes.count] {
            let part = Array(bytes[start..<end])
            var offset = 0
            do throws(HTTPFault) {
                steps: while true {
                    switch try unsafe decoder.next(part.span.bytes, at: &offset) {
                    case .data(let range): content += part[range]
                    case .needMore: break steps
                    case .end:
                        let rest = bytes[(start + offset)...]
                        return .ended(
                            String(decoding: content, as: UTF8.self), rest: String(decoding: rest, as: UTF8.self))
                    }
                }
            } catch {
                return .fault(error)
            }
            start = end
        }
        return .unfinished(String(decoding: content, as: UTF8.self))
    }

    private func expectEverywhere(
        _ text: String, _ framing: BodyFraming, _ expected: Outcome, limits: HTTPLimits = HTTPLimits()
    ) {
        let count = text.utf8.count
        #expect(decode(text, framing, cuts: [], limits: limits) == expected)
        #expect(decode(text, framing, cuts: Array(0...count), limits: limits) == expected, "byte by byte")
        for cut in 0...count {
            #expect(decode(text, framing, cuts: [cut], limits: limits) == expected, "cut at \(cut)")
        }
    }

    @Test func bodyOfAKnownLengthEndsThere() {
        expectEverywhere("hello GET", .length(5), .ended("hello", rest: " GET"))
        expectEverywhere("hel", .length(5), .unfinished("hel"))
        expectEverywhere("GET", .none, .ended("", rest: "GET"))
    }

    @Test(arguments: [
        ("0\r\n\r\nGET", "", "GET"),
        ("5\r\nhello\r\n0\r\n\r\n", "hello", ""),
        ("5\r\nhello\r\nA\r\n, world, x\r\n000\r\n\r\nrest", "hello, world, x", "rest"),
        ("5;a=b;c=\"d;e\"\r\nhello\r\n0 ;x\r\n\r\n", "hello", ""),
        ("005\r\nhello\r\n0\r\nX-Sum: 1\r\nY:2\r\n\r\n.", "hello", "."),
    ])
    func chunkedBodyIsUnframed(_ text: String, _ content: String, _ rest: String) {
        expectEverywhere(text, .chunked, .ended(content, rest: rest))
    }

    @Test(arguments: [
        "\r\nhello", "g\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n", "5\r\nhello!\r\n0\r\n\r\n",
        " 5\r\nhello\r\n", "5 \r\nhello\r\n", "0x5\r\nhello\r\n", "-5\r\nhello", "5;a\nb\r\nhello\r\n",
        "5;a\rb\r\nhello\r\n", "5;\0\r\nhello", "1000000000000000\r\n", "5,5\r\nhello", "5\rXhello\r\n",
        "5\r\nhello\n0\r\n\r\n",
        // Sizes that others have read by their longest valid prefix, or with blanks, signs and separators.
        "5these\r\nhello\r\n", "5_0\r\n", "0_0\r\n\r\n", "+5\r\nhello\r\n", "0x\r\n", "\t5\r\nhello\r\n",
        "5\u{a0}\r\nhello",
        "5.0\r\nhello", "00000000000000005\r\nhello\r\n", "FFFFFFFFFFFFFFFF\r\n", "10000000000000005\r\nhello\r\n",
        // Line ends of chunk lines and of chunks: CR with anything else behind it, LF alone, none.
        "5\r\r;a\r\nhello\r\n", "5 \r\r\nhello\r\n", "5;a\r\r\nhello\r\n", "5;a\rX\r\nhello\r\n", "\r5\r\nhello\r\n",
        "0\n\r\n", "0\n\n", "5\r\nhelloXX0\r\n\r\n", "5\r\nhello\r0\r\n\r\n", "5\r\nhello\r\n\r\n0\r\n\r\n",
        "5\u{b}\r\nhello", "5;\u{b}a\r\nhello", "5;\u{7f}\r\nhello",
        // A line end inside quotes is a line end: what follows is content, whoever takes it for the extension.
        "5;a=\"\r\n0\r\n\r\n\"\r\nhello\r\n0\r\n\r\n",
    ])
    func malformedChunkIsRefused(_ text: String) {
        expectEverywhere(text, .chunked, .fault(.malformedChunk))
    }

    @Test func malformedTrailerIsRefused() {
        expectEverywhere("0\r\nA b\r\n\r\n", .chunked, .fault(.malformedFieldName))
        expectEverywhere("0\r\nA: b\n\r\n", .chunked, .fault(.bareLineFeed))
        expectEverywhere("0\r\n A: b\r\n\r\n", .chunked, .fault(.foldedLine))
        expectEverywhere("0\r\nA: b\r\n c\r\n\r\n", .chunked, .fault(.foldedLine))
        expectEverywhere("0\r\n\r\r\n", .chunked, .fault(.bareCarriageReturn))
        expectEverywhere("0\r\n\rX\r\n", .chunked, .fault(.bareCarriageReturn))
        expectEverywhere("0\r\n\n", .chunked, .fault(.bareLineFeed))
        expectEverywhere("0\r\nXX\r\n\r\n", .chunked, .fault(.malformedFieldName))
        expectEverywhere("0\r\n: a\r\n\r\n", .chunked, .fault(.malformedFieldName))
        expectEverywhere("0\r\nA: \0\r\n\r\n", .chunked, .fault(.controlCharacter))
        expectEverywhere("0\r\nContent-Length: x\r\n\r\n", .chunked, .fault(.malformedContentLength))
    }

    @Test func trailersAreKeptAndFramingAmongThemIsNotPassedOn() throws {
        let bytes = Array("0\r\nX-Sum: 1\r\nContent-Length: 5\r\nHost: b\r\n\r\n".utf8)
        var decoder = BodyDecoder(.chunked, limits: HTTPLimits())
        var offset = 0
        #expect(try unsafe decoder.next(bytes.span.bytes, at: &offset) == .end)
        #expect(decoder.trailers?.fields.count == 3)
        var output = OutputBuffer()
        output.appendLastChunk(decoder.trailers)
        #expect(String(decoding: output.copyBytes(), as: UTF8.self) == "0\r\nX-Sum: 1\r\n\r\n")
    }

    @Test(arguments: [
        "Authorization", "SET-COOKIE", "cookie", "WWW-Authenticate", "Content-Type", "Content-Encoding",
        "Cache-Control",
        "Location", "If-Match", "Transfer-Encoding", "Connection", "X-Forwarded-For", "Date",
    ])
    func fieldThatAuthenticatesOrControlsIsNoTrailer(_ name: String) throws {
        let bytes = Array("0\r\n\(name): 1\r\n\(name)s: 2\r\n\r\n".utf8)
        var decoder = BodyDecoder(.chunked, limits: HTTPLimits())
        var offset = 0
        #expect(try unsafe decoder.next(bytes.span.bytes, at: &offset) == .end)
        var output = OutputBuffer()
        output.appendLastChunk(decoder.trailers)
        #expect(String(decoding: output.copyBytes(), as: UTF8.self) == "0\r\n\(name)s: 2\r\n\r\n")
    }

    @Test func fieldsOfATrailerSectionAreBounded() {
        var limits = HTTPLimits()
        limits.fieldCount = 2
        expectEverywhere("0\r\nA: b\r\nC: d\r\n\r\n", .chunked, .ended("", rest: ""), limits: limits)
        expectEverywhere("0\r\nA: b\r\nC: d\r\nE: f\r\n\r\n", .chunked, .fault(.tooManyFields), limits: limits)
    }

    @Test func chunkLinesExtensionsAndTrailersAreBounded() {
        var limits = HTTPLimits()
        limits.chunkLineBytes = 8
        expectEverywhere("0;abcdef\r\n\r\n", .chunked, .ended("", rest: ""), limits: limits)
        expectEverywhere("0;abcdefgh\r\n\r\n", .chunked, .fault(.chunkLineTooLong), limits: limits)
        limits = HTTPLimits()
        limits.chunkExtensionBytes = 4
        expectEverywhere("1;a\r\nx\r\n0;b\r\n\r\n", .chunked, .ended("x", rest: ""), limits: limits)
        expectEverywhere("1;a\r\nx\r\n0;bc\r\n\r\n", .chunked, .fault(.chunkLineTooLong), limits: limits)
        limits = HTTPLimits()
        limits.trailerBytes = 8
        expectEverywhere("0\r\nA: b\r\n\r\n", .chunked, .ended("", rest: ""), limits: limits)
        expectEverywhere("0\r\nA: bc\r\n\r\n", .chunked, .fault(.trailerTooLarge), limits: limits)
    }

    @Test func onlyABodyThatEndsWithTheConnectionMayEndWithIt() throws {
        var untilClose = BodyDecoder(.untilClose, limits: HTTPLimits())
        try untilClose.finishAtClose()
        let hasEnded = untilClose.isAtEnd
        #expect(hasEnded)
        var length = BodyDecoder(.length(1), limits: HTTPLimits())
        #expect(throws: HTTPFault.truncatedBody) { try length.finishAtClose() }
        var chunked = BodyDecoder(.chunked, limits: HTTPLimits())
        #expect(throws: HTTPFault.truncatedBody) { try chunked.finishAtClose() }
    }

    @Test func whatTheEncoderWritesTheDecoderReads() {
        for count in [1, 9, 10, 15, 16, 17, 255, 256, 4096, 65535, 65536] {
            var output = OutputBuffer()
            let content = String(repeating: "z", count: count)
            unsafe output.appendChunk([UInt8](content.utf8).span.bytes)
            #expect(output.allocatedCapacity <= max(512, count + 20))
            output.appendLastChunk()
            let text = String(decoding: output.copyBytes(), as: UTF8.self)
            #expect(decode(text, .chunked, cuts: []) == .ended(content, rest: ""))
        }
    }
}
