import TestSupport
import Testing
import WeaverCore
import WeaverLoop

/// Ends that send any bytes at any time: what the client gets depends on what was sent, never on how it was cut.
@Suite(.timeLimit(.minutes(2)))
struct ScriptedBackendTests {
    /// Sends `text` in the parts that end at `cuts`, each in a write of its own.
    private func send(_ text: String, to peer: RawPeer, cuts: [Int]) async throws {
        let bytes = Array(text.utf8)
        var start = 0
        for end in cuts + [bytes.count] where end > start {
            try await peer.send(Array(bytes[start..<end]))
            start = end
        }
    }

    /// The content of what the client got, without fields that change from run to run and without chunks' edges.
    private func summary(_ text: String) -> [String] {
        let bytes = Array(text.utf8)
        var summary: [String] = []
        var offset = 0
        while offset < bytes.count {
            var parser = ResponseHeadParser(limits: HTTPLimits())
            let span = unsafe bytes.span.bytes
            guard let head = try? parser.parse(span.extracting(offset..<bytes.count), answering: .get) else {
                return summary + ["no response"]
            }
            offset += head.byteCount
            summary.append("\(head.status.rawValue)")
            var decoder = BodyDecoder(head.framing, limits: HTTPLimits())
            var body: [UInt8] = []
            loop: while true {
                switch try? decoder.next(span, at: &offset) {
                case .data(let range): body += bytes[range]
                case .end: break loop
                case .needMore, nil:
                    summary.append("cut")
                    break loop
                }
            }
            summary.append(String(decoding: body, as: UTF8.self))
        }
        return summary
    }

    private static let requests =
        "POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nX-T: 1\r\n\r\n"
        + "PUT /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let responses = [
        "HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\nX: y\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond", "HTTP/1.1 304 Not\r\nContent-Length: 7\r\n\r\n",
    ]

    @Test(arguments: 0..<24)
    func cutsChangeNothing(_ seed: Int) async throws {
        var random = SeededGenerator(seed: UInt64(seed))
        func cuts(_ text: String) -> [Int] {
            (0..<Int.random(in: 0...6, using: &random)).map { _ in Int.random(in: 1..<text.utf8.count, using: &random) }
                .sorted()
        }
        let requestCuts = cuts(Self.requests)
        let responseCuts = Self.responses.map(cuts)
        try await withProxy { proxy, backend, client in
            try await send(Self.requests, to: client, cuts: requestCuts)
            let peer = try #require(await backend.accept())
            for (index, (end, response)) in zip(["X-T: 1\r\n\r\n", "hello", "\r\n\r\n"], Self.responses).enumerated() {
                let request = await peer.receive(end)
                #expect(request.contains(" /\(index + 1) HTTP/1.1\r\n") && request.hasSuffix(end), "\(request)")
                try await peer.forget()
                try await send(response, to: peer, cuts: responseCuts[index])
            }
            let all = await client.receive("304 Not\r\nContent-Length: 7\r\n")
            let rest = await client.receive { bytes, ended in ended || bytes.suffix(4).elementsEqual("\r\n\r\n".utf8) }
            #expect(
                summary(String(decoding: rest, as: UTF8.self)) == [
                    "103", "", "200", "first", "200", "second", "304", "",
                ],
                "\(all)")
            #expect(try await proxy.serverCounters().requestsInFlight == 0)
            try await peer.close()
        }
    }

    /// A response that breaks off at any byte is an error before its head is whole, and a visible cut behind it.
    @Test(arguments: [false, true])
    func responseThatBreaksOffAnywhereIsNeverTakenForWhole(_ isReset: Bool) async throws {
        let response = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX: y\r\n\r\nbody"
        let headCount = response.utf8.count - 4
        try await withLoop { loop in
            let backend = try await RawServer(loop: loop)
            let proxy = try await ProxyFixture.start(loop, backends: [backend.address])
            for count in 1..<response.utf8.count {
                let client = try await RawPeer.connect(to: proxy.address, loop: loop)
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\n\r\n")
                let peer = try #require(await backend.accept())
                _ = await peer.receive("\r\n\r\n")
                try await peer.send(Array(response.utf8.prefix(count)))
                if count >= headCount { _ = await client.receive("\r\n\r\n") }
                isReset ? try await peer.reset() : try await peer.close()
                let got = summary(
                    count < headCount ? await client.receive("connection") : await client.receiveAll())
                if count < headCount {
                    #expect(got.first == "502", "after \(count) bytes: \(got)")
                } else {
                    #expect(got.starts(with: ["200", "cut"]), "after \(count) bytes: \(got)")
                }
                try await client.close()
            }
            #expect(try await proxy.inFlight() == 0)
            try await proxy.close()
            try await backend.close()
        }
    }

    /// As much as a backend may send behind, before or instead of a response: the next client never sees it.
    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray",
        "HTTP/1.1 204 No Content\r\n\r\nstray", "HTTP/1.1 304 Not\r\nContent-Length: 5\r\n\r\nstray",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nstray",
    ])
    func strayBytesReachNobody(_ response: String) async throws {
        try await withProxy { proxy, backend, client in
            for _ in 0..<3 {
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let peer = try #require(await backend.accept())
                _ = await peer.receive("\r\n\r\n")
                try await peer.send(response)
                _ = await peer.receiveAll()
                try await peer.close()
            }
            // Three whole responses, by three connections.
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let last = try #require(await backend.accept())
            _ = await last.receive("\r\n\r\n")
            try await last.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast")
            let all = await client.receive("last")
            #expect(!all.contains("stray"))
            #expect(summary(all).filter { $0.count == 3 && $0 != "last" }.count == 4)
            try await last.close()
        }
    }

    @Test func slowEndsAreWaitedFor() async throws {
        try await withProxy { proxy, backend, client in
            async let sent: Void = client.sendByteByByte(Self.requests)
            let peer = try #require(await backend.accept())
            for (end, response) in zip(["X-T: 1\r\n\r\n", "hello", "\r\n\r\n"], Self.responses) {
                _ = await peer.receive(end)
                try await peer.forget()
                try await peer.sendByteByByte(response)
            }
            try await sent
            _ = await client.receive("304 Not\r\nContent-Length: 7\r\n")
            let all = await client.receive { bytes, ended in ended || bytes.suffix(4).elementsEqual("\r\n\r\n".utf8) }
            #expect(
                summary(String(decoding: all, as: UTF8.self)) == [
                    "103", "", "200", "first", "200", "second", "304", "",
                ])
            try await peer.close()
        }
    }
}
