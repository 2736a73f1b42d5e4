import Testing

@testable import WeaverCore

struct HeadRewriterTests {
    /// What is written for `text`, without the id and Via that are behind everything else.
    private func forward(_ text: String, isTrusted: Bool = false, peer: String? = "9.9.9.9") throws -> String {
        let written = try forwardWhole(text, isTrusted: isTrusted, peer: peer)
        let version = text.contains(" HTTP/1.0\r\n") ? "1.0" : "1.1"
        let added = "X-Request-ID: 00000000000000000000000000000001\r\nVia: \(version) weaver\r\n\r\n"
        #expect(written.hasSuffix(added), "\(written)")
        return String(written.dropLast(added.count)) + "\r\n"
    }

    private func forwardWhole(
        _ text: String, isTrusted: Bool = false, peer: String? = "9.9.9.9"
    ) throws -> String {
        let bytes = Array(text.utf8)
        var parser = RequestHeadParser(limits: HTTPLimits())
        let head = try #require(try unsafe parser.parse(bytes.span.bytes))
        var output = OutputBuffer()
        unsafe HeadRewriter.write(
            request: head, in: bytes.span.bytes,
            from: ForwardedPeer(host: peer, isTrusted: isTrusted, fallbackHost: "proxy:1"),
            requestID: RequestID.received(with: head, in: bytes.span.bytes) ?? .made(0, 1), to: &output)
        return String(decoding: output.copyBytes(), as: UTF8.self)
    }

    private func answer(
        _ text: String, to request: String = "GET / HTTP/1.1\r\nHost: a\r\n\r\n", mustClose: Bool = false
    ) throws -> String {
        let bytes = Array(text.utf8)
        let requestBytes = Array(request.utf8)
        var requestParser = RequestHeadParser(limits: HTTPLimits())
        let traits = RequestTraits(try #require(try unsafe requestParser.parse(requestBytes.span.bytes)))
        var parser = ResponseHeadParser(limits: HTTPLimits())
        let head = try #require(try unsafe parser.parse(bytes.span.bytes, answering: traits.method))
        let plan = ResponsePlan(to: traits, status: head.status, body: head.framing, mustClose: mustClose)
        var output = OutputBuffer()
        unsafe HeadRewriter.write(
            response: head, in: bytes.span.bytes, plan: plan, date: Array("D".utf8), to: &output)
        return String(decoding: output.copyBytes(), as: UTF8.self)
    }

    @Test func peerWithoutAnAddressAppendsNone() throws {
        let request = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n"
        #expect(try forward(request, isTrusted: true, peer: nil).contains("X-Forwarded-For: 203.0.113.7\r\n"))
        #expect(try forward(request, isTrusted: false, peer: nil).contains("X-Forwarded-For: unknown\r\n"))
    }

    private static let forwarded = "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: "

    @Test func orderCaseAndRepeatsAreKept() throws {
        #expect(
            try forward("GET /x HTTP/1.1\r\nhOST: a\r\nb: 2\r\nA:1\r\nb: 3\r\n\r\n")
                == "GET /x HTTP/1.1\r\nhOST: a\r\nb: 2\r\nA: 1\r\nb: 3\r\n\(Self.forwarded)a\r\n\r\n")
    }

    /// RFC 9110 section 7.6.2.
    @Test func maxForwardsCountsDownForOptionsAndTraceOnly() throws {
        #expect(
            try forward("OPTIONS /x HTTP/1.1\r\nHost: a\r\nmax-forwards: 10\r\n\r\n")
                == "OPTIONS /x HTTP/1.1\r\nHost: a\r\nMax-Forwards: 9\r\n\(Self.forwarded)a\r\n\r\n")
        #expect(
            try forward("TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 7\r\nA: 1\r\nMax-Forwards: 3\r\n\r\n")
                == "TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 2\r\nA: 1\r\n\(Self.forwarded)a\r\n\r\n")
        for untouched in [
            "GET / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 4", "OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: -1",
        ] {
            #expect(try forward("\(untouched)\r\n\r\n") == "\(untouched)\r\n\(Self.forwarded)a\r\n\r\n")
        }
    }

    @Test func hopByHopFieldsAndThoseConnectionNamesGo() throws {
        #expect(
            try forward(
                """
                GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Mine\r\nKeep-Alive: 5\r\nx-mine: 1\r\nTE: gzip\r
                Upgrade: h2c\r\nProxy-Connection: close\r\nProxy-Authorization: x\r\nEnd: e\r\n\r\n
                """) == "GET / HTTP/1.1\r\nHost: a\r\nEnd: e\r\n\(Self.forwarded)a\r\n\r\n")
    }

    @Test func connectionCannotTakeFramingOrHostAway() throws {
        #expect(
            try forward("POST / HTTP/1.1\r\nHost: a\r\nConnection: content-length, host\r\nContent-Length: 2\r\n\r\n")
                == "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\(Self.forwarded)a\r\n\r\n")
    }

    /// What a proxy says by itself cannot be taken away by whoever sends Connection.
    @Test func connectionCannotTakeAwayWhatTheProxySays() throws {
        let written = try forwardWhole(
            """
            GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host, Forwarded, Via\r
            Connection: X-Request-ID, Transfer-Encoding\r\nX-Request-ID: mine\r\nForwarded: for=b\r\n\r\n
            """)
        #expect(
            written == """
                GET / HTTP/1.1\r\nHost: a\r\nX-Request-ID: mine\r\n\(Self.forwarded)a\r
                Forwarded: for=9.9.9.9;host="a";proto=http\r\nVia: 1.1 weaver\r\n\r\n
                """)
        #expect(
            try answer("HTTP/1.1 200 OK\r\nDate: E\r\nConnection: Date\r\nContent-Length: 0\r\n\r\n")
                == "HTTP/1.1 200 OK\r\nDate: E\r\nContent-Length: 0\r\n\r\n")
    }

    @Test func addressWithColonsIsQuotedWhereThatIsNeeded() throws {
        let written = try forward("GET / HTTP/1.1\r\nHost: a\r\nForwarded: x\r\n\r\n", peer: "2001:db8::7")
        #expect(written.contains("X-Forwarded-For: 2001:db8::7\r\n"))
        #expect(written.contains("Forwarded: for=\"[2001:db8::7]\";host=\"a\";proto=http\r\n"))
    }

    /// CGI, WSGI and PHP make one variable of both names.
    @Test(arguments: [
        "Content_Length: 5", "content_length: 5", "Transfer_Encoding: chunked", "Transfer_encoding: chunked",
        "X_Forwarded_For: 6.6.6.6", "X-Forwarded_For: 6.6.6.6", "X_Forwarded_Proto: https", "X_Request_ID: a",
        "Proxy_Authorization: a", "Keep_Alive: 1",
    ])
    func nameThatLooksLikeAKnownOneIsNotPassedOn(_ field: String) throws {
        #expect(
            try forward("GET / HTTP/1.1\r\nHost: a\r\n\(field)\r\nMy_Field: 1\r\n\r\n")
                == "GET / HTTP/1.1\r\nHost: a\r\nMy_Field: 1\r\n\(Self.forwarded)a\r\n\r\n")
    }

    @Test func idIsKeptInItsPlaceOrReplaced() throws {
        let kept = try forwardWhole("GET / HTTP/1.1\r\nHost: a\r\nx-request-id: mine\r\nB: 1\r\n\r\n")
        #expect(kept.hasPrefix("GET / HTTP/1.1\r\nHost: a\r\nx-request-id: mine\r\nB: 1\r\n"))
        #expect(!kept.contains("X-Request-ID"))
        #expect(
            try forward("GET / HTTP/1.1\r\nHost: a\r\nX-Request-ID: <a>\r\n\r\n")
                == "GET / HTTP/1.1\r\nHost: a\r\n\(Self.forwarded)a\r\n\r\n")
    }

    @Test func ofTEOnlyTrailersPass() throws {
        #expect(
            try forward("GET / HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nTE: gzip;q=0.5, Trailers\r\n\r\n")
                == "GET / HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nTE: trailers\r\n\(Self.forwarded)a\r\n\r\n")
        #expect(!(try forward("GET / HTTP/1.1\r\nHost: a\r\nTE: gzip, trailersx\r\n\r\n").contains("TE:")))
        #expect(!(try forward("GET / HTTP/1.0\r\nTE: trailers\r\n\r\n").contains("TE:")))
    }

    @Test func clientGetsTheIDUnlessTheBackendNamesOne() throws {
        func answer(_ fields: String) throws -> String {
            let bytes = Array("HTTP/1.1 200 OK\r\n\(fields)Content-Length: 0\r\n\r\n".utf8)
            let request = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
            var requests = RequestHeadParser(limits: HTTPLimits())
            let traits = RequestTraits(try #require(try unsafe requests.parse(request.span.bytes)))
            var parser = ResponseHeadParser(limits: HTTPLimits())
            let head = try #require(try unsafe parser.parse(bytes.span.bytes, answering: .get))
            let plan = ResponsePlan(to: traits, status: .ok, body: .none, mustClose: false)
            var output = OutputBuffer()
            unsafe HeadRewriter.write(
                response: head, in: bytes.span.bytes, plan: plan, date: [], requestID: .received(Array("mine".utf8)),
                to: &output)
            return String(decoding: output.copyBytes(), as: UTF8.self)
        }
        #expect(try answer("") == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Request-ID: mine\r\n\r\n")
        #expect(
            try answer("X-Request-Id: other\r\n")
                == "HTTP/1.1 200 OK\r\nX-Request-Id: other\r\nContent-Length: 0\r\n\r\n")
    }

    @Test func strangersCannotForgeForwardingFields() throws {
        let request = """
            GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: https\r
            x-forwarded-host: b\r\nForwarded: for=1.1.1.1\r\n\r\n
            """
        #expect(
            try forward(request) == """
                GET / HTTP/1.1\r\nHost: a\r\n\(Self.forwarded)a\r
                Forwarded: for=9.9.9.9;host="a";proto=http\r\n\r\n
                """)
        #expect(
            try forward(request, isTrusted: true) == """
                GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1, 9.9.9.9\r\nX-Forwarded-Proto: https\r
                X-Forwarded-Host: b\r\nForwarded: for=1.1.1.1, for=9.9.9.9;host="a";proto=http\r\n\r\n
                """)
    }

    @Test func absoluteFormBecomesOriginFormAndItsAuthorityTheHost() throws {
        #expect(
            try forward("GET http://real:8/p?q HTTP/1.1\r\nHost: other\r\n\r\n")
                == "GET /p?q HTTP/1.1\r\nHost: real:8\r\n\(Self.forwarded)real:8\r\n\r\n")
        #expect(try forward("GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n").hasPrefix("GET /?q HTTP/1.1\r\n"))
        #expect(try forward("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n").hasPrefix("GET / HTTP/1.1\r\n"))
        #expect(try forward("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n").hasPrefix("OPTIONS * HTTP/1.1\r\n"))
    }

    @Test func oldClientWithoutHostGetsOne() throws {
        #expect(
            try forward("GET / HTTP/1.0\r\n\r\n")
                == "GET / HTTP/1.1\r\nHost: proxy:1\r\n\(Self.forwarded)proxy:1\r\n\r\n")
    }

    @Test func codingIsWrittenAnew() throws {
        #expect(
            try forward("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\tCHUNKED\r\n\r\n")
                .contains("Transfer-Encoding: chunked\r\n"))
    }

    @Test func responseKeepsItsFieldsAndLosesHopByHopOnes() throws {
        #expect(
            try answer(
                "HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nKeep-Alive: x\r\nB: 1\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n"
            )
                == "HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nB: 1\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nDate: D\r\n\r\n"
        )
        #expect(
            try answer(
                "HTTP/1.1 200 OK\r\ndate: E\r\nConnection: B\r\nB: 1\r\nContent-Length: 0\r\n\r\n", mustClose: true)
                == "HTTP/1.1 200 OK\r\ndate: E\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    }

    @Test func bodyThatEndsWithTheConnectionIsChunked() throws {
        #expect(
            try answer("HTTP/1.0 200 OK\r\n\r\n")
                == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nDate: D\r\n\r\n")
    }

    @Test func oldClientHearsOfNoTrailers() throws {
        let fields = "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
        #expect(
            try answer("HTTP/1.1 200 OK\r\n\(fields)", to: "GET / HTTP/1.0\r\n\r\n")
                == "HTTP/1.1 200 OK\r\nDate: D\r\nConnection: close\r\n\r\n")
        #expect(try answer("HTTP/1.1 200 OK\r\n\(fields)").contains("Trailer: X-Sum\r\n"))
    }

    @Test func oldClientGetsNoCoding() throws {
        #expect(
            try answer(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                to: "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                == "HTTP/1.1 200 OK\r\nDate: D\r\nConnection: close\r\n\r\n")
        #expect(
            try answer(
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n",
                to: "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                == "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nDate: D\r\nConnection: keep-alive\r\n\r\n")
    }

    @Test func responsesWithoutBodyKeepTheLengthTheyNameOnlyWhereItMeansSomething() throws {
        #expect(
            try answer("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")
                == "HTTP/1.1 204 No Content\r\nDate: D\r\n\r\n")
        #expect(
            try answer("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n")
                == "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\nDate: D\r\n\r\n")
        #expect(
            try answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", to: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
                == "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nDate: D\r\n\r\n")
        #expect(
            try answer("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n") == "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
    }
}

struct HTTPValueTests {
    @Test(arguments: [
        (Int64(0), "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (4_102_444_800, "Fri, 01 Jan 2100 00:00:00 GMT"), (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
    ])
    func dateIsAnIMFFixdate(_ seconds: Int64, _ text: String) {
        #expect(String(decoding: HTTPDate.format(secondsSinceEpoch: seconds), as: UTF8.self) == text)
    }

    @Test func trustedBlocksMatchByPrefix() {
        var trusted = TrustedProxies()
        #expect(!trusted.contains("10.0.0.1"))
        #expect(trusted.insert("10.16.0.0/12") == true)
        #expect(trusted.insert("::1") == true)
        #expect(trusted.insert("2001:db8::/33") == true)
        #expect(trusted.contains("10.31.255.255"))
        #expect(!trusted.contains("10.32.0.0"))
        #expect(trusted.contains("0:0:0:0:0:0:0:1"))
        #expect(trusted.contains("2001:db8:7fff::1"))
        #expect(!trusted.contains("2001:db8:8000::1"))
        #expect(!trusted.contains("unknown"))
        for bad in [
            "", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/-1", "::/129", "1:2", "1::2::3", "a.b.c.d", "10.0.0.+1",
            "10.0.0.01", "010.0.0.1", "unix:",
        ] {
            #expect(trusted.insert(bad) == false, "\(bad)")
        }
    }

    @Test(arguments: [
        ("", "10.0.0.1"), ("203.0.113.7", "203.0.113.7"), ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, 10.0.0.2", "203.0.113.7"), ("203.0.113.7,10.0.0.3 ,\t10.0.0.2", "203.0.113.7"),
        ("10.0.0.9, 10.0.0.2", "10.0.0.9"), ("203.0.113.7, unknown, 10.0.0.2", "10.0.0.2"),
        ("203.0.113.7, \"x\\n", "10.0.0.1"), ("2001:db8::1", "2001:db8::1"), ("::ffff:203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, , 10.0.0.2", "10.0.0.2"), ("203.0.113.7:55", "203.0.113.7"),
        ("203.0.113.7, 10.0.0.2:8080", "203.0.113.7"), ("[2001:db8::1]:80", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"), ("203.0.113.7:99999", "10.0.0.1"), ("[203.0.113.7", "10.0.0.1"),
    ])
    func clientIsTheLastAddressThatNobodyTrusts(forwardedFor: String, client: String) {
        var trusted = TrustedProxies()
        let isBlock = trusted.insert("10.0.0.0/8")
        #expect(isBlock)
        #expect(trusted.client(of: "10.0.0.1", forwardedFor: Array(forwardedFor.utf8)) == client)
        #expect(TrustedProxies().client(of: "10.0.0.1", forwardedFor: Array(forwardedFor.utf8)) == "10.0.0.1")
    }

    @Test func peersOnUnixSocketsAreTrustedByTheirNameOnly() {
        var trusted = TrustedProxies()
        for block in ["0.0.0.0/0", "::/0"] { #expect(trusted.insert(block) == true) }
        #expect(!trusted.contains(nil))
        #expect(trusted.client(of: nil, forwardedFor: Array("203.0.113.7".utf8)) == nil)
        trusted = TrustedProxies()
        #expect(trusted.insert("unix") == true)
        #expect(trusted.contains(nil) && !trusted.isEmpty && !trusted.contains("10.0.0.1"))
        #expect(trusted.client(of: nil, forwardedFor: Array("198.51.100.1, 203.0.113.7".utf8)) == "203.0.113.7")
    }

    @Test func mappedIPv4AddressIsTheIPv4Address() {
        var trusted = TrustedProxies()
        #expect(trusted.insert("10.0.0.0/8") == true)
        #expect(trusted.insert("::ffff:192.168.0.0/112") == true)
        #expect(trusted.contains("::ffff:10.0.0.1"))
        #expect(trusted.contains("::ffff:a00:1"))
        #expect(trusted.contains("192.168.3.4"))
        #expect(!trusted.contains("192.169.0.1"))
        #expect(!trusted.contains("::10.0.0.1"))
        #expect(!trusted.contains("10.0.0.1::"))
        #expect(IPAddress.canonical("::ffff:10.0.0.1") == "10.0.0.1")
        #expect(IPAddress.canonical("::fffe:10.0.0.1") == "::fffe:10.0.0.1")
        #expect(IPAddress.canonical("2001:db8::1") == "2001:db8::1")
        #expect(IPAddress.canonical("10.0.0.1") == "10.0.0.1")
    }

    @Test func errorResponseNamesItsLength() {
        var output = OutputBuffer()
        ErrorResponse.write(
            .serviceUnavailable, detail: "no replica is ready", keepAlive: true, retryAfterSeconds: 1,
            date: Array("D".utf8), to: &output)
        let body = "Service Unavailable: no replica is ready\n"
        #expect(
            String(decoding: output.copyBytes(), as: UTF8.self) == """
                HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r
                Content-Length: \(body.utf8.count)\r\nDate: D\r\nRetry-After: 1\r\n\r\n\(body)
                """)
    }

    @Test func everyControlCharacterIsFoundAtEveryPlace() {
        for byte in UInt8.min...UInt8.max {
            for place in 0..<19 {
                var bytes = [UInt8](repeating: 0xFF, count: 19)
                bytes[place] = byte
                let found = unsafe bytes.span.bytes.firstControl(in: 0..<19)
                #expect(found == (byte < 0x20 || byte == 0x7F ? place : 19))
            }
        }
    }
}
