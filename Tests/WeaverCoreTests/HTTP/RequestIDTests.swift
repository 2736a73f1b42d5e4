import Testing

@testable import WeaverCore

struct RequestIDTests {
    private func received(_ fields: String) throws -> RequestID? {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n".utf8)
        var parser = RequestHeadParser(limits: HTTPLimits())
        let head = try #require(try unsafe parser.parse(bytes.span.bytes))
        return unsafe RequestID.received(with: head, in: bytes.span.bytes)
    }

    @Test(arguments: ["a", "7b6f2c1e-0d3a-4e55-9f0e-1a2b3c4d5e6f", "Root=1-67891233-abcdef:0/x+y==", "a_b.c~d@e"])
    func validIDIsKept(_ id: String) throws {
        #expect(try received("x-request-id: \(id)") == .received(Array(id.utf8)))
    }

    @Test(arguments: ["", "a b", "a,b", "a\tb", "\u{e9}", "<a>", "a\"", "a'", "a;b", "$(a)", "a%20", "a\\"])
    func whatIsMoreThanAnIDIsReplaced(_ id: String) throws {
        #expect(try received("X-Request-ID: \(id)") == nil)
    }

    @Test func idThatCameTwiceIsReplaced() throws {
        #expect(try received("X-Request-ID: a\r\nX-Request-ID: a") == nil)
        #expect(try received("X-Request: a") == nil)
    }

    @Test func idOfExactlyTheLimitIsKept() throws {
        #expect(RequestID.maximumBytes == 128)
        let id = String(repeating: "i", count: 128)
        #expect(try received("X-Request-ID: \(id)") == .received(Array(id.utf8)))
        #expect(try received("X-Request-ID: \(id)i") == nil)
    }

    @Test func idsThatAreMadeDifferAndAreValid() {
        var first = RequestIDGenerator(randomness: (1, 0))
        var second = RequestIDGenerator(randomness: (2, 0))
        var seen: Set<String> = []
        for _ in 0..<1000 {
            for id in [first.next(), second.next()] {
                var output = OutputBuffer()
                id.write(to: &output)
                let bytes = output.copyBytes()
                #expect(bytes.count == 32)
                #expect(unsafe RequestID.isValid(0..<bytes.count, in: bytes.span.bytes))
                seen.insert(String(decoding: bytes, as: UTF8.self))
            }
        }
        #expect(seen.count == 2000)
        var zero = OutputBuffer()
        RequestID.made(0xF, 0x123).write(to: &zero)
        #expect(String(decoding: zero.copyBytes(), as: UTF8.self) == "000000000000000f0000000000000123")
    }
}
