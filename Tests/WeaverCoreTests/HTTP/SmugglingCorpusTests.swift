import Testing

@testable import WeaverCore

/// Messages that some server or proxy has read in another way than the next one in the chain: the known ones (the HTTP
/// Garden's list, llhttp's cases, advisories of nginx, HAProxy, Netty, Node and others), with the section that settles each.
struct SmugglingCorpusTests {
    /// Whole heads.
    static let heads: [HeadCase] = [
        HeadCase(
            "9112-2.2 CR before the end", "GET / HTTP/1.1\r\nHost: a\r\n\rZGET /b HTTP/1.1\r\n\r\n", .bareCarriageReturn
        ),
        HeadCase("9112-2.2 CR CR LF", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", .bareCarriageReturn),
        HeadCase("9112-2.2 LF in the request line", "GET /\nHTTP/1.1\r\n\r\n", .bareLineFeed),
        HeadCase("9112-2.3 HTTP/0.9", "GET /\r\n", .malformedRequestLine),
        HeadCase("9112-2.3 another protocol", "GET / ICE/1.0\r\n\r\n", .malformedVersion),
        HeadCase("9112-2.3 a letter before", "GET / IHTTP/1.0\r\n\r\n", .malformedVersion),
        HeadCase("9112-2.3 RTSP", "PUT / RTSP/1.0\r\n\r\n", .malformedVersion),
        HeadCase("9112-2.3 no minor version", "GET / HTTP/1\r\n\r\n", .malformedVersion),
        HeadCase("9112-2.3 overflow", "GET / HTTP/4294967297.1\r\n\r\n", .malformedVersion),
        HeadCase("9112-2.3 blank behind", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .malformedVersion),
        HeadCase("9112-3.1 separators", "G=\":<>(e),[T];?\" / HTTP/1.1\r\n\r\n", .malformedRequestLine),
        HeadCase("9112-3.2.2 no authority", "GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n", .malformedHost),
        HeadCase("9112-3.2.2 backslash", "GET http://a\\b/ HTTP/1.1\r\nHost: a\r\n\r\n", .malformedHost),
        HeadCase("9112-3.2.3 authority form", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget),
        HeadCase("9110-7.2 NUL", "GET / HTTP/1.1\r\nHost: a\0.b\r\n\r\n", .controlCharacter),
        HeadCase("9110-7.2 blank", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", .malformedHost),
        HeadCase("9110-7.2 two ports", "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", .malformedHost),
        HeadCase("9110-7.2 only a port", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n", .malformedHost),
        HeadCase("9110-7.2 no number", "GET / HTTP/1.1\r\nHost: a:http\r\n\r\n", .malformedHost),
        HeadCase("9110-7.2 zone", "GET / HTTP/1.1\r\nHost: [fe80::1%25a]\r\n\r\n", .malformedHost),
        HeadCase("9110-7.2 fragment", "GET / HTTP/1.1\r\nHost: a#b\r\n\r\n", .malformedHost),
        HeadCase(
            "9110-10.1.1 two expectations", "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue, b\r\n\r\n",
            .unsupportedExpectation),
        HeadCase("9112-5.2 a line of blanks", "GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n", .foldedLine),
    ]

    /// Fields of a POST.
    static let fields: [HeadCase] = [
        HeadCase("9112-6.3 empty length first", "Content-Length:\r\nContent-Length: 5", .malformedContentLength),
        HeadCase("9112-6.2 letters behind", "Content-Length: 5Z", .malformedContentLength),
        HeadCase("9112-6.2 quotes", "Content-Length: \"5\"", .malformedContentLength),
        HeadCase("9112-6.2 fraction", "Content-Length: 5.0", .malformedContentLength),
        HeadCase("9112-6.2 exponent", "Content-Length: 5e1", .malformedContentLength),
        HeadCase("9112-6.2 comma", "Content-Length: 5,", .malformedContentLength),
        HeadCase("9112-6.2 other digits", "Content-Length: \u{0665}", .malformedContentLength),
        HeadCase("9112-6.2 19 digits", "Content-Length: 1000000000000000000", .malformedContentLength),
        HeadCase("9112-6.2 NUL", "Content-Length: 5\0", .controlCharacter),
        HeadCase(
            "9112-6.3 no number, coded", "Content-Length: x\r\nTransfer-Encoding: chunked", .malformedContentLength),
        HeadCase("9112-6.1 empty, with length", "Transfer-Encoding:\r\nContent-Length: 5", .malformedTransferEncoding),
        HeadCase("9112-6.1 comma behind", "Transfer-Encoding: chunked,", .malformedTransferEncoding),
        HeadCase("9112-6.1 semicolon", "Transfer-Encoding: chunked;", .malformedTransferEncoding),
        HeadCase("9112-6.1 no comma", "Transfer-Encoding: gzip chunked", .malformedTransferEncoding),
        HeadCase("9112-6.1 apostrophes", "Transfer-Encoding: 'chunked'", .malformedTransferEncoding),
        HeadCase("9112-6.1 colon", "Transfer-Encoding: :chunked", .malformedTransferEncoding),
        HeadCase("9112-6.1 hard blank behind", "Transfer-Encoding: chunked\u{a0}", .malformedTransferEncoding),
        HeadCase("9112-6.1 hard blank before", "Transfer-Encoding: \u{a0}chunked", .malformedTransferEncoding),
        HeadCase("9112-6.1 byte order mark", "Transfer-Encoding: \u{feff}chunked", .malformedTransferEncoding),
        HeadCase("9112-6.1 Kelvin sign", "Transfer-Encoding: chun\u{212a}ed", .malformedTransferEncoding),
        HeadCase(
            "9112-6.1 in two lines", "Transfer-Encoding: chunked\r\nTransfer-Encoding:", .malformedTransferEncoding),
        HeadCase("9112-6.1 form feed", "Transfer-Encoding: \u{c}chunked", .controlCharacter),
        HeadCase("9112-6.1 NUL", "Transfer-Encoding: chunked\0", .controlCharacter),
        HeadCase("9112-6.1 CR inside", "Transfer-Encoding: chun\rked", .bareCarriageReturn),
        HeadCase("9112-5.1 tab before the colon", "Transfer-Encoding\t: chunked", .malformedFieldName),
        HeadCase("9112-5.1 next line behind the name", "Content-Length\u{85}: 5", .malformedFieldName),
        HeadCase("9112-5.1 NUL in the name", "Content-Length\0: 5", .controlCharacter),
        HeadCase("9112-5 no colon", "Content-Length 5", .malformedFieldName),
        HeadCase("9112-5 no name", ":\r\nContent-Length: 5", .malformedFieldName),
        HeadCase("9112-5 at sign", "Content@Length: 5", .malformedFieldName),
        HeadCase("9112-2.2 behind LF", "X: x\nTransfer-Encoding: chunked", .bareLineFeed),
        HeadCase("9112-2.2 behind LF LF", "X:\n\nGET / HTTP/1.1", .bareLineFeed),
        HeadCase("9112-2.2 behind CR", "X: x\rTransfer-Encoding: chunked", .bareCarriageReturn),
        HeadCase("9112-2.2 CR as the name", "\rContent-Length: 5", .bareCarriageReturn),
        HeadCase("9112-5.2 folded", "X: x\r\n Transfer-Encoding: chunked", .foldedLine),
        HeadCase("9112-5.2 folded by a tab", "X: x\r\n\tContent-Length: 5", .foldedLine),
        HeadCase("9112-5.2 name folded", "Content-Length\r\n : 5", .malformedFieldName),
    ]

    @Test(arguments: heads)
    func headThatSomebodyReadsInAnotherWayIsRefused(_ message: HeadCase) {
        let bytes = Array(message.text.utf8)
        #expect(expectSameVerdict(bytes) { requestVerdict(bytes, ends: $0) } == message.fault.map(Verdict.fault))
    }

    @Test(arguments: fields)
    func fieldThatSomebodyReadsInAnotherWayIsRefused(_ message: HeadCase) {
        let bytes = Array("POST / HTTP/1.1\r\nHost: a\r\n\(message.text)\r\n\r\n".utf8)
        #expect(expectSameVerdict(bytes) { requestVerdict(bytes, ends: $0) } == message.fault.map(Verdict.fault))
    }

    /// As strict towards backends (RFC 9112 section 4 and 6.3): 502 for each.
    @Test(arguments: [
        ("HTTP/1.1 200OK\r\n\r\n", HTTPFault.malformedStatusLine), ("HTTP/1.1\t200 OK\r\n\r\n", .malformedStatusLine),
        ("HTTP/1.1 200\tOK\r\n\r\n", .malformedStatusLine), ("HTTP/1.1 2 0 OK\r\n\r\n", .malformedStatusLine),
        ("HTTP/1.1 +20 OK\r\n\r\n", .malformedStatusLine), ("http/1.1 200 OK\r\n\r\n", .malformedVersion),
        ("HTTP/1.1 200 O\0K\r\n\r\n", .controlCharacter), ("HTTP/1.1 200 OK\r\r\n\r\n", .bareCarriageReturn),
        ("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", .foldedLine),
        ("HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n", .bareCarriageReturn),
        ("HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n", .bareLineFeed),
        ("HTTP/1.1 200 OK\r\n: b\r\n\r\n", .malformedFieldName),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", .malformedContentLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n", .malformedContentLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\n", .malformedContentLength),
        ("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", .malformedContentLength),
        ("HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n", .malformedFieldName),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", .malformedTransferEncoding),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n",
            .malformedTransferEncoding
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", .unsupportedTransferCoding),
        ("HTTP/1.1 204 No\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", .lengthAndCoding),
        ("HTTP/1.1 304 No\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", .repeatedContentLength),
        ("HTTP/1.1 100 Go\r\nContent-Length: x\r\n\r\n", .malformedContentLength),
    ])
    func responseThatSomebodyReadsInAnotherWayIsRefused(_ text: String, _ fault: HTTPFault) {
        let bytes = Array(text.utf8)
        #expect(expectSameVerdict(bytes) { responseVerdict(bytes, ends: $0) } == .fault(fault))
    }
}
