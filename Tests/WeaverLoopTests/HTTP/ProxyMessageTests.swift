import TestSupport
import Testing
import WeaverCore
import WeaverLoop

/// Single rules of RFC 9110 and 9112 through the whole proxy, with the section of each.
@Suite(.timeLimit(.minutes(1)))
struct ProxyMessageTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let noContent = "HTTP/1.1 204 No Content\r\n\r\n"
    private static let upload = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"

    /// Sends `request`, answers with `response`, and returns what each side got.
    private func exchange(
        _ request: String, _ response: String, ends: Bool = false
    ) async throws -> (request: String, response: String) {
        nonisolated(unsafe) var result = (request: "", response: "")
        try await withProxy { _, backend, client in
            try await client.send(request)
            try await client.shutdown()
            let peer = try #require(await backend.accept())
            let got = await peer.receive("\r\n\r\n")
            try await peer.send(response)
            if ends { try await peer.shutdown() }
            let answer = await client.receiveAll()
            try await peer.close()
            unsafe result = (got, answer)
        }
        return unsafe result
    }

    // MARK: Interim responses

    @Test("9110-10.1.1: the client waits, the backend says go on")
    func continueOfTheBackendReachesTheClient() async throws {
        try await withProxy { _, backend, client in
            try await client.send(Self.upload)
            let peer = try #require(await backend.accept())
            let head = await peer.receive("\r\n\r\n")
            #expect(head.contains("Expect: 100-continue\r\n") && head.hasSuffix("\r\n\r\n"))
            try await peer.forget()
            try await peer.send("HTTP/1.1 100 Continue\r\n\r\n")
            #expect(await client.receive("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try await client.send("body" + Self.get)
            #expect(await peer.receive("body") == "body")
            try await peer.forget()
            try await client.forget()
            try await peer.send(Self.noContent)
            #expect(await client.receive("\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
            // The connection goes on, on both sides.
            #expect(await peer.receive("\r\n\r\n").hasPrefix("GET / "))
            try await peer.close()
        }
    }

    @Test("9110-10.1.1: the backend refuses without reading")
    func finalAnswerInsteadOfContinueEndsTheConnection() async throws {
        try await withProxy { _, backend, client in
            try await client.send(Self.upload)
            let peer = try #require(await backend.accept())
            _ = await peer.receive("\r\n\r\n")
            try await peer.send("HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\nno")
            let answer = await client.receiveAll()
            #expect(answer.hasPrefix("HTTP/1.1 417 No\r\n") && answer.hasSuffix("\r\n\r\nno"))
            #expect(answer.contains("Connection: close\r\n"))
            #expect(await !peer.receiveAll().contains("body"))
            try await peer.close()
        }
    }

    @Test(
        "9110-7.6.2: at Max-Forwards 0 the proxy answers, and passes nothing on",
        arguments: [("OPTIONS", "200 OK"), ("TRACE", "501 Not Implemented")])
    func requestThatMayNotBePassedOnIsAnswered(_ method: String, _ status: String) async throws {
        try await withProxy { proxy, _, client in
            for _ in 0..<2 {
                try await client.send("\(method) / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n")
                #expect(await client.receive("is 0\n").hasPrefix("HTTP/1.1 \(status)\r\n"))
                try await client.forget()
            }
            #expect(try await proxy.counters().backendConnections == 0)
            #expect(try await proxy.status().traffic.failures == 0)
        }
    }

    @Test("9110-10.1.1: another expectation is 417")
    func unknownExpectationIsRefused() async throws {
        try await withProxy { proxy, _, client in
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n")
            #expect(await client.receiveAll().hasPrefix("HTTP/1.1 417 Expectation Failed\r\n"))
            #expect(try await proxy.counters().backendConnections == 0)
        }
    }

    @Test("9110-15.2: hints pass, each one, and never to HTTP/1.0")
    func earlyHintsPassToThoseWhoKnowThem() async throws {
        let response =
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: X\r\nX: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\n"
            + Self.noContent
        let new = try await exchange(Self.get, response).response
        #expect(
            new.hasPrefix(
                "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\nHTTP/1.1 204 "
            ))
        let old = try await exchange("GET / HTTP/1.0\r\n\r\n", response).response
        #expect(old.hasPrefix("HTTP/1.1 204 ") && !old.contains("103"))
    }

    @Test("9110-10.1.1: HTTP/1.0 cannot expect anything")
    func expectationOfAnOldClientIsIgnored() async throws {
        let got = try await exchange(
            "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi", Self.noContent)
        #expect(!got.request.contains("Expect") && got.response.hasPrefix("HTTP/1.1 204 "))
    }

    // MARK: Targets, fields and framing

    @Test("9112-3.2.2: absolute form becomes origin form, its authority the Host")
    func absoluteFormReachesTheBackendInOriginForm() async throws {
        let got = try await exchange("GET http://real:81/p?q HTTP/1.1\r\nHost: other\r\n\r\n", Self.noContent)
        #expect(got.request.hasPrefix("GET /p?q HTTP/1.1\r\nHost: real:81\r\n"))
        #expect(got.request.contains("X-Forwarded-Host: real:81\r\n"))
    }

    @Test("9112-3.2.4: OPTIONS of the whole server")
    func asteriskFormReachesTheBackend() async throws {
        let got = try await exchange("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", Self.noContent)
        #expect(got.request.hasPrefix("OPTIONS * HTTP/1.1\r\nHost: a\r\n"))
    }

    @Test("9110-6.6.1: Date is added where there is none")
    func dateIsAddedAndNotDoubled() async throws {
        let without = try await exchange(Self.get, Self.noContent).response
        #expect(without.contains("\r\nDate: ") && without.contains(" GMT\r\n"))
        let with = try await exchange(Self.get, "HTTP/1.1 204 No\r\nDate: then\r\n\r\n").response
        #expect(with.contains("Date: then\r\n") && !with.contains("GMT"))
    }

    @Test("9110-8.6, 9112-6.3: statuses and methods without a body, whatever the head says")
    func responseWithoutABodyEndsBehindItsHead() async throws {
        for (request, response) in [
            (Self.get, "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"),
            (Self.get, "HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n"),
            ("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            ("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"),
        ] {
            let got = try await exchange(request, response).response
            #expect(got.hasSuffix("\r\n\r\n") && got.split(separator: "\r\n\r\n").count == 1, "\(got)")
        }
    }

    @Test("9112-7.1.2, 9110-6.5: trailers pass both ways")
    func trailersPassBothWays() async throws {
        try await withProxy { _, backend, client in
            try await client.send(
                "POST / HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nhi\r\n0\r\nX-A: 1\r\n\r\n"
            )
            let peer = try #require(await backend.accept())
            let request = await peer.receive("X-A: 1\r\n\r\n")
            #expect(request.hasSuffix("\r\n\r\n2\r\nhi\r\n0\r\nX-A: 1\r\n\r\n"))
            #expect(request.contains("Connection: TE\r\nTE: trailers\r\n"))
            try await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-B: 2\r\n\r\n")
            #expect(await client.receive("X-B: 2\r\n\r\n").hasSuffix("\r\n\r\n0\r\nX-B: 2\r\n\r\n"))
            try await peer.close()
        }
    }

    @Test("9112-6.1: no coding to HTTP/1.0, and what its end cuts is reset")
    func oldClientGetsABodyUntilTheEnd() async throws {
        let got = try await exchange(
            "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")
        #expect(got.response.hasSuffix("\r\n\r\nhi") && !got.response.contains("Transfer-Encoding"))
    }

    // MARK: The id

    @Test("the id of a request is made or kept, and told to both sides")
    func idIsToldToBothSides() async throws {
        let kept = try await exchange("GET / HTTP/1.1\r\nHost: a\r\nX-Request-ID: mine-1\r\n\r\n", Self.noContent)
        #expect(kept.request.contains("X-Request-ID: mine-1\r\n") && kept.response.contains("X-Request-ID: mine-1\r\n"))
        let made = try await exchange(Self.get, Self.noContent)
        let line = try #require(made.request.split(separator: "\r\n").first { $0.hasPrefix("X-Request-ID: ") })
        #expect(line.utf8.count == 14 + 32)
        #expect(made.response.contains("\(line)\r\n"))
        // The answers of the proxy's own are found in logs as well.
        let failed = try await exchange("GET / HTTP/1.1\r\nHost: a\r\nX-Request-ID: mine-2\r\n\r\n", "nonsense\r\n\r\n")
        #expect(failed.response.hasPrefix("HTTP/1.1 502 ") && failed.response.contains("X-Request-ID: mine-2\r\n"))
    }
}
