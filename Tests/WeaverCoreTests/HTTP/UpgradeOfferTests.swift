import Testing

@testable import WeaverCore

/// RFC 9110 section 7.8.
struct UpgradeOfferTests {
    private func offer(_ fields: String, version: String = "1.1") throws -> String? {
        let bytes = Array("GET / HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n\r\n".utf8)
        var parser = RequestHeadParser(limits: HTTPLimits())
        let head = try #require(try unsafe parser.parse(bytes.span.bytes))
        return unsafe UpgradeOffer(head, in: bytes.span.bytes).map { String(decoding: $0.protocols, as: UTF8.self) }
    }

    private func accepts(_ offered: String, _ fields: String, version: String = "1.1") throws -> Bool {
        let request = Array("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: \(offered)\r\n\r\n".utf8)
        var requests = RequestHeadParser(limits: HTTPLimits())
        let head = try #require(try unsafe requests.parse(request.span.bytes))
        let offer = try #require(unsafe UpgradeOffer(head, in: request.span.bytes))
        let bytes = Array("HTTP/\(version) 101 Go\r\n\(fields)\r\n\r\n".utf8)
        var parser = ResponseHeadParser(limits: HTTPLimits())
        let response = try #require(try unsafe parser.parse(bytes.span.bytes, answering: .get))
        return unsafe offer.isAccepted(by: response, in: bytes.span.bytes)
    }

    @Test func anOfferNeedsBothFieldsAndHTTP11() throws {
        #expect(try offer("Connection: keep-alive, Upgrade\r\nUpgrade: websocket") == "websocket")
        #expect(try offer("Connection: upgrade\r\nUPGRADE: a/1,,\tb\r\nUpgrade: C") == "a/1, b, C")
        #expect(try offer("Upgrade: websocket") == nil)
        #expect(try offer("Connection: upgrade") == nil)
        #expect(try offer("Connection: xupgrade\r\nUpgrade: websocket") == nil)
        #expect(try offer("Connection: upgrade\r\nUpgrade: websocket", version: "1.0") == nil)
    }

    @Test(arguments: ["a b", "a/", "/1", "a/1/2", "\"a\"", "a;q=1", "a, b c"])
    func malformedProtocolOffersNothing(_ value: String) throws {
        #expect(try offer("Connection: upgrade\r\nUpgrade: \(value)") == nil)
    }

    /// Requests inside a tunnel would pass by every check, and by the fields that name the client.
    @Test func cleartextHTTP2IsNeverOffered() throws {
        #expect(try offer("Connection: upgrade, HTTP2-Settings\r\nUpgrade: H2C\r\nHTTP2-Settings: AA") == nil)
        #expect(try offer("Connection: upgrade\r\nUpgrade: h2c, websocket") == "websocket")
        #expect(try !accepts("h2c, websocket", "Connection: upgrade\r\nUpgrade: h2c"))
    }

    @Test func onlyWhatWasOfferedIsAccepted() throws {
        #expect(try accepts("websocket", "Upgrade: WebSocket\r\nConnection: Upgrade"))
        #expect(try accepts("a/1, b", "Upgrade: b\r\nConnection: upgrade"))
        #expect(try !accepts("a/1", "Upgrade: a/2\r\nConnection: upgrade"))
        #expect(try !accepts("websocket", "Upgrade: websocket, tls\r\nConnection: upgrade"))
        #expect(try !accepts("websocket", "Upgrade: websocket"))
        #expect(try !accepts("websocket", "Connection: upgrade"))
        #expect(try !accepts("websocket", "Connection: upgrade\r\nUpgrade:"))
        #expect(try !accepts("websocket", "Upgrade: websocket\r\nConnection: upgrade", version: "1.0"))
    }

    @Test func headsOfATunnelCarryBothFieldsForEachHop() throws {
        let text =
            "GET /c HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-A: 1\r\n\r\n"
        let bytes = Array(text.utf8)
        var parser = RequestHeadParser(limits: HTTPLimits())
        let head = try #require(try unsafe parser.parse(bytes.span.bytes))
        var output = OutputBuffer()
        let peer = ForwardedPeer(host: "9.9.9.9", isTrusted: false)
        let offer = unsafe UpgradeOffer(head, in: bytes.span.bytes)
        unsafe HeadRewriter.write(
            request: head, in: bytes.span.bytes, from: peer, requestID: .made(0, 1), upgrade: offer, to: &output)
        let written = String(decoding: output.copyBytes(), as: UTF8.self)
        #expect(written.contains("Host: a\r\nSec-A: 1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"))
        #expect(written.components(of: "pgrade: ") == 1 && !written.contains("keep-alive"))

        for (answer, expected) in [
            (
                "HTTP/1.1 101 Go\r\nupgrade: websocket\r\nConnection: Upgrade, X\r\nX: 1\r\nSec-B: 2\r\n\r\n",
                "HTTP/1.1 101 Go\r\nupgrade: websocket\r\nSec-B: 2\r\nConnection: upgrade\r\n\r\n"
            ),
            (
                "HTTP/1.1 426 No\r\nUpgrade: websocket\r\nConnection: upgrade\r\nDate: D\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 426 No\r\nUpgrade: websocket\r\nDate: D\r\nContent-Length: 0\r\nConnection: upgrade\r\n\r\n"
            ),
            (
                "HTTP/1.1 200 OK\r\nUpgrade: websocket\r\nConnection: upgrade\r\nDate: D\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 0\r\n\r\n"
            ),
        ] {
            let bytes = Array(answer.utf8)
            var responses = ResponseHeadParser(limits: HTTPLimits())
            let response = try #require(try unsafe responses.parse(bytes.span.bytes, answering: .get))
            let plan = ResponsePlan(
                to: RequestTraits(head), status: response.status, body: response.framing, mustClose: false)
            var output = OutputBuffer()
            unsafe HeadRewriter.write(response: response, in: bytes.span.bytes, plan: plan, date: [], to: &output)
            #expect(String(decoding: output.copyBytes(), as: UTF8.self) == expected)
        }
    }
}

extension String {
    /// How often `text` occurs.
    fileprivate func components(of text: String) -> Int { self.ranges(of: text).count }
}
