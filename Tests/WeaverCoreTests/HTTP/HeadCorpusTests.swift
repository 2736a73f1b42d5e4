import Testing

@testable import WeaverCore

/// One message of the corpus: its bytes, and the fault it must meet, nil when it is valid.
struct HeadCase: CustomTestStringConvertible, Sendable {
    let section: String
    let text: String
    let fault: HTTPFault?

    init(_ section: String, _ text: String, _ fault: HTTPFault? = nil) {
        self.section = section
        self.text = text
        self.fault = fault
    }

    var testDescription: String { "\(section): \(text.debugDescription)" }
}

/// What a parser said of a message.
enum Verdict: Equatable {
    case incomplete
    case head(Int, BodyFraming)
    case fault(HTTPFault)
}

/// Feeds a growing buffer that ends at each of `ends`, as reads would.
func requestVerdict(_ bytes: [UInt8], ends: [Int], limits: HTTPLimits = HTTPLimits()) -> Verdict {
    var parser = RequestHeadParser(limits: limits)
    for end in ends {
        do throws(HTTPFault) {
            if let head = try unsafe parser.parse(bytes.span.bytes.extracting(0..<end)) {
                return .head(head.byteCount, head.framing)
            }
        } catch {
            return .fault(error)
        }
    }
    return .incomplete
}

func responseVerdict(
    _ bytes: [UInt8], ends: [Int], method: HTTPMethod = .get, limits: HTTPLimits = HTTPLimits()
) -> Verdict {
    var parser = ResponseHeadParser(limits: limits)
    for end in ends {
        do throws(HTTPFault) {
            if let head = try unsafe parser.parse(bytes.span.bytes.extracting(0..<end), answering: method) {
                return .head(head.byteCount, head.framing)
            }
        } catch {
            return .fault(error)
        }
    }
    return .incomplete
}

/// The verdict must not depend on how the bytes were split.
func expectSameVerdict(_ bytes: [UInt8], _ verdict: ([Int]) -> Verdict) -> Verdict {
    let whole = verdict([bytes.count])
    #expect(verdict(Array(0...bytes.count)) == whole, "byte by byte")
    for split in 0...bytes.count {
        let other = verdict([split, bytes.count])
        #expect(other == whole, "split at \(split)")
    }
    return whole
}

struct RequestHeadCorpusTests {
    static let valid: [HeadCase] = [
        HeadCase("9112-3", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        HeadCase("9112-2.2 empty lines", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        HeadCase("9112-3.1 extension method", "BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n"),
        HeadCase("9112-3.2.2 absolute", "GET http://a.example:80/x?y HTTP/1.1\r\nHost: b\r\n\r\n"),
        HeadCase("9112-3.2.2 no path", "GET HTTPS://a HTTP/1.1\r\nHost: a\r\n\r\n"),
        HeadCase("9112-3.2.4", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
        HeadCase("9112-3.2 empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
        HeadCase("9110-7.2 literal", "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"),
        HeadCase("9112-2.3 old", "GET / HTTP/1.0\r\n\r\n"),
        HeadCase("9110-2.5 later minor", "GET / HTTP/1.9\r\nHost: a\r\n\r\n"),
        HeadCase("9112-5 blanks", "GET / HTTP/1.1\r\nHost: \t a \t\r\nA:\r\nB:x\ty\r\n\r\n"),
        HeadCase("9110-5.5 obs-text", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{e9}\r\n\r\n"),
        HeadCase("9112-6.2", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n"),
        HeadCase("9112-6.1", "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: Chunked\r\n\r\n"),
        HeadCase("9110-10.1.1", "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n"),
    ]

    static let invalid: [HeadCase] = [
        HeadCase("9112-3 no version", "GET /\r\n\r\n", .malformedRequestLine),
        HeadCase("9112-3 two spaces", "GET  / HTTP/1.1\r\n\r\n", .malformedRequestLine),
        HeadCase("9112-3 space in target", "GET /a b HTTP/1.1\r\n\r\n", .malformedVersion),
        HeadCase("9112-3 leading space", " GET / HTTP/1.1\r\n\r\n", .malformedRequestLine),
        HeadCase("9112-3 tab", "GET\t/ HTTP/1.1\r\n\r\n", .malformedRequestLine),
        HeadCase("9112-3.1 method", "G(T / HTTP/1.1\r\n\r\n", .malformedRequestLine),
        HeadCase("9112-2.3 case", "GET / http/1.1\r\n\r\n", .malformedVersion),
        HeadCase("9112-2.3 digits", "GET / HTTP/1.10\r\n\r\n", .malformedVersion),
        HeadCase("9110-15.6.6", "GET / HTTP/2.0\r\n\r\n", .unsupportedVersion),
        HeadCase("9110-15.6.6 preface", "PRI * HTTP/2.0\r\n\r\n", .unsupportedVersion),
        HeadCase("9112-3.2 fragment", "GET /#a HTTP/1.1\r\n\r\n", .malformedTarget),
        HeadCase("9112-3.2 relative", "GET a HTTP/1.1\r\n\r\n", .malformedTarget),
        HeadCase("9112-3.2 other scheme", "GET ftp://a/ HTTP/1.1\r\n\r\n", .malformedTarget),
        HeadCase("9112-3.2 not ASCII", "GET /\u{e9} HTTP/1.1\r\n\r\n", .malformedTarget),
        HeadCase("9112-3.2.4 not OPTIONS", "GET * HTTP/1.1\r\n\r\n", .malformedTarget),
        HeadCase("9112-3.2.3", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", .unsupportedMethod),
        HeadCase("9112-3.2.2 user", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", .malformedHost),
        HeadCase("9112-3.2 no Host", "GET / HTTP/1.1\r\n\r\n", .missingHost),
        HeadCase("9112-3.2 two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .repeatedHost),
        HeadCase("9110-7.2 list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", .malformedHost),
        HeadCase("9110-7.2 comma", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", .malformedHost),
        HeadCase("9110-7.2 path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", .malformedHost),
        HeadCase("9110-7.2 port", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", .malformedHost),
        HeadCase("9110-7.2 user", "GET / HTTP/1.1\r\nHost: b@a\r\n\r\n", .malformedHost),
        HeadCase("9110-7.2 bad escape", "GET / HTTP/1.1\r\nHost: a%zz\r\n\r\n", .malformedHost),
        HeadCase("9110-7.2 open literal", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", .malformedHost),
        HeadCase("9112-5.1 blank", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", .malformedFieldName),
        HeadCase("9112-5 no colon", "GET / HTTP/1.1\r\nHost a\r\n\r\n", .malformedFieldName),
        HeadCase("9112-5 no name", "GET / HTTP/1.1\r\n: a\r\n\r\n", .malformedFieldName),
        HeadCase("9112-5 name", "GET / HTTP/1.1\r\nHo\u{e9}st: a\r\n\r\n", .malformedFieldName),
        HeadCase("9112-5.2 fold", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", .foldedLine),
        HeadCase("9112-2.2 first fold", "GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", .foldedLine),
        HeadCase("9112-2.2 LF", "GET / HTTP/1.1\nHost: a\r\n\r\n", .bareLineFeed),
        HeadCase("9112-2.2 CR", "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", .bareCarriageReturn),
        HeadCase("9112-2.2 LF at the end", "GET / HTTP/1.1\r\nHost: a\r\n\n", .bareLineFeed),
        HeadCase("9110-5.5 NUL", "GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", .controlCharacter),
        HeadCase("9110-5.5 DEL", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{7f}\r\n\r\n", .controlCharacter),
        HeadCase("TLS", "\u{16}\u{3}\u{1}", .controlCharacter),
        HeadCase("9110-10.1.1", "GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", .unsupportedExpectation),
        HeadCase(
            "9112-2.2 only empty lines", "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n", .malformedRequestLine),
    ]

    /// Messages of which two readers could have two readings: RFC 9112 sections 6.1 to 6.3 and 11.2.
    static let smuggling: [HeadCase] = [
        HeadCase("both", "Content-Length: 5\r\nTransfer-Encoding: chunked", .lengthAndCoding),
        HeadCase("both, other order", "Transfer-Encoding: chunked\r\nContent-Length: 0", .lengthAndCoding),
        HeadCase("two lengths", "Content-Length: 5\r\nContent-Length: 6", .repeatedContentLength),
        HeadCase("equal lengths", "Content-Length: 5\r\nContent-Length: 5", .repeatedContentLength),
        HeadCase("list of lengths", "Content-Length: 5, 5", .malformedContentLength),
        HeadCase("sign", "Content-Length: +5", .malformedContentLength),
        HeadCase("minus", "Content-Length: -1", .malformedContentLength),
        HeadCase("hexadecimal", "Content-Length: 0x5", .malformedContentLength),
        HeadCase("octal", "Content-Length: 010", .malformedContentLength),
        HeadCase("blank inside", "Content-Length: 1 0", .malformedContentLength),
        HeadCase("empty", "Content-Length: ", .malformedContentLength),
        HeadCase("underscore", "Content-Length: 1_0", .malformedContentLength),
        HeadCase("overflow", "Content-Length: 18446744073709551617", .malformedContentLength),
        HeadCase("not chunked", "Transfer-Encoding: gzip", .malformedTransferEncoding),
        HeadCase("chunked first", "Transfer-Encoding: chunked, gzip", .malformedTransferEncoding),
        HeadCase("chunked twice", "Transfer-Encoding: chunked, chunked", .malformedTransferEncoding),
        HeadCase(
            "chunked in two fields", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            .malformedTransferEncoding),
        HeadCase(
            "identity behind", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            .malformedTransferEncoding),
        HeadCase("identity", "Transfer-Encoding: identity", .malformedTransferEncoding),
        HeadCase("xchunked", "Transfer-Encoding: xchunked", .malformedTransferEncoding),
        HeadCase("quoted", "Transfer-Encoding: \"chunked\"", .malformedTransferEncoding),
        HeadCase("parameter", "Transfer-Encoding: chunked;q=1", .malformedTransferEncoding),
        HeadCase("empty element", "Transfer-Encoding: ,chunked", .malformedTransferEncoding),
        HeadCase("empty coding", "Transfer-Encoding:", .malformedTransferEncoding),
        HeadCase("vertical tab", "Transfer-Encoding: \u{b}chunked", .controlCharacter),
        HeadCase("another coding", "Transfer-Encoding: gzip, chunked", .unsupportedTransferCoding),
        HeadCase("blank before the colon", "Transfer-Encoding : chunked", .malformedFieldName),
        HeadCase("folded", "Transfer-Encoding:\r\n chunked", .malformedTransferEncoding),
    ]

    @Test(arguments: valid)
    func validHeadIsTakenHoweverItIsSplit(_ message: HeadCase) {
        let bytes = Array(message.text.utf8)
        let verdict = expectSameVerdict(bytes) { requestVerdict(bytes, ends: $0) }
        guard case .head(let count, _) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(count == bytes.count)
    }

    @Test(arguments: invalid)
    func invalidHeadIsRefusedHoweverItIsSplit(_ message: HeadCase) {
        let bytes = Array(message.text.utf8)
        #expect(expectSameVerdict(bytes) { requestVerdict(bytes, ends: $0) } == message.fault.map(Verdict.fault))
    }

    @Test(arguments: smuggling)
    func ambiguousFramingIsRefused(_ message: HeadCase) {
        let bytes = Array("POST / HTTP/1.1\r\nHost: a\r\n\(message.text)\r\n\r\n".utf8)
        #expect(expectSameVerdict(bytes) { requestVerdict(bytes, ends: $0) } == message.fault.map(Verdict.fault))
    }

    @Test func codingOfAnOldClientIsRefused() {
        let bytes = Array("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        #expect(requestVerdict(bytes, ends: [bytes.count]) == .fault(.codingInOldVersion))
    }

    @Test func bytesBehindTheHeadAreLeftAlone() {
        let head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        let bytes = Array((head + "\n\0 anything").utf8)
        #expect(requestVerdict(bytes, ends: [bytes.count]) == .head(head.utf8.count, .none))
    }
}

struct HeadLimitTests {
    private func requestOf(headBytes: Int) -> [UInt8] {
        let frame = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n"
        let filler = String(repeating: "x", count: headBytes - frame.utf8.count)
        return Array("GET / HTTP/1.1\r\nHost: a\r\nX: \(filler)\r\n\r\n".utf8)
    }

    @Test func headOfExactlyTheLimitIsTaken() {
        var limits = HTTPLimits()
        limits.headBytes = 200
        let fits = requestOf(headBytes: 200)
        #expect(expectSameVerdict(fits) { requestVerdict(fits, ends: $0, limits: limits) } == .head(200, .none))
        let over = requestOf(headBytes: 201)
        #expect(expectSameVerdict(over) { requestVerdict(over, ends: $0, limits: limits) } == .fault(.headTooLarge))
        #expect(HTTPFault.headTooLarge.status == .requestHeaderFieldsTooLarge)
    }

    @Test func defaultHeadLimitIs64KiB() {
        let fits = requestOf(headBytes: 65536)
        #expect(requestVerdict(fits, ends: [fits.count]) == .head(65536, .none))
        let over = requestOf(headBytes: 65537)
        #expect(requestVerdict(over, ends: [over.count]) == .fault(.headTooLarge))
    }

    @Test func requestLineOfExactlyTheLimitIsTaken() {
        var limits = HTTPLimits()
        limits.requestLineBytes = 40
        func request(_ count: Int) -> [UInt8] {
            let target = String(repeating: "y", count: count - "GET / HTTP/1.1\r\n".utf8.count)
            return Array("GET /\(target) HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        }
        let fits = request(40)
        #expect(expectSameVerdict(fits) { requestVerdict(fits, ends: $0, limits: limits) } == .head(51, .none))
        let over = request(41)
        #expect(
            expectSameVerdict(over) { requestVerdict(over, ends: $0, limits: limits) }
                == .fault(.requestLineTooLong))
    }

    @Test func asManyFieldsAsTheLimitAreTaken() {
        func request(_ count: Int) -> [UInt8] {
            let fields = String(repeating: "A: b\r\n", count: count - 1)
            return Array("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n".utf8)
        }
        let limit = HTTPLimits().fieldCount
        let fits = request(limit)
        #expect(requestVerdict(fits, ends: [fits.count]) == .head(fits.count, .none))
        let over = request(limit + 1)
        #expect(requestVerdict(over, ends: [over.count]) == .fault(.tooManyFields))
    }
}

struct ResponseHeadCorpusTests {
    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", BodyFraming.length(3)),
        ("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", .none),
        ("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n", .chunked),
        ("HTTP/1.0 200 OK\r\n\r\n", .untilClose),
        ("HTTP/1.1 200 OK\r\n\r\n", .untilClose),
        ("HTTP/1.1 204 No Content\r\n\r\n", .none),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", .none),
        ("HTTP/1.1 100 Continue\r\n\r\n", .none),
        ("HTTP/1.1 599 \u{e9}\r\n\r\n", .untilClose),
    ])
    func validHeadIsTaken(_ text: String, _ framing: BodyFraming) {
        let bytes = Array(text.utf8)
        #expect(expectSameVerdict(bytes) { responseVerdict(bytes, ends: $0) } == .head(bytes.count, framing))
    }

    @Test func responseToHeadHasNoBody() {
        let bytes = Array("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n".utf8)
        #expect(responseVerdict(bytes, ends: [bytes.count], method: .head) == .head(bytes.count, .none))
    }

    @Test(arguments: [
        ("HTTP/1.1 99 x\r\n\r\n", HTTPFault.malformedStatusLine),
        ("HTTP/1.1 600 x\r\n\r\n", .malformedStatusLine),
        ("HTTP/1.1 2000 x\r\n\r\n", .malformedStatusLine),
        ("HTTP/1.1  200 x\r\n\r\n", .malformedStatusLine),
        ("HTTP/1.1 20a x\r\n\r\n", .malformedStatusLine),
        ("HTTP/2.0 200 x\r\n\r\n", .unsupportedVersion),
        ("ICY 200 OK now\r\n\r\n", .malformedStatusLine),
        ("\r\nHTTP/1.1 200 OK\r\n\r\n", .malformedStatusLine),
        ("HTTP/1.1 200 OK\nA: b\r\n\r\n", .bareLineFeed),
        ("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", .malformedFieldName),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", .repeatedContentLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", .lengthAndCoding),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .malformedTransferEncoding),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .codingInOldVersion),
    ])
    func invalidHeadIsRefused(_ text: String, _ fault: HTTPFault) {
        let bytes = Array(text.utf8)
        #expect(expectSameVerdict(bytes) { responseVerdict(bytes, ends: $0) } == .fault(fault))
    }
}
