import HTTPTypes
import Synchronization
import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

/// A proxy that is used on its loop only.
private struct ProxyBox: @unchecked Sendable {
    let proxy: ReverseProxy
    let address: SocketAddress?

    init(proxy: ReverseProxy) {
        self.proxy = proxy
        address = proxy.localAddress
    }
}

@Suite(.timeLimit(.minutes(1)))
struct HTTPListenerServerTests {
    @Test func `a request is a span of its client's trace, and its handler in it`() async throws {
        let tracer = WeaverTracer()
        let spans = Mutex<[SpanRecord]>([])
        tracer.record(tracesPerSecond: 0) { span in spans.withLock { $0.append(span) } }
        try await withServer(tracer: tracer) { request, _, writer in
            let trace = CallContext.current.trace
            if request.path == "/throw" { throw CancellationError() }
            try await writer.respond(body: trace.map { "\($0.traceText) \($0.state)!" } ?? "none!")
        } _: { client, _ in
            func get(_ path: String, _ fields: String) async throws -> String {
                try await client.send("GET \(path) HTTP/1.1\r\nHost: me\r\n\(fields)\r\n")
                return await client.receive(path == "/throw" ? "\r\n\r\n" : "!")
            }
            let trace = "0af7651916cd43dd8448eb211c80319c"
            let sampled = "Traceparent: 00-\(trace)-b7ad6b7169203331-01\r\n"
            #expect(
                try await get("/a?b", sampled + "tracestate: a=1\r\nTraceState: b=2\r\n").hasSuffix("\(trace) a=1,b=2!")
            )
            try await client.forget()
            // One that is not recorded is passed on; two are none; and without one none begins at rate 0.
            #expect(try await get("/", "traceparent: 00-\(trace)-b7ad6b7169203331-00\r\n").hasSuffix("\(trace) !"))
            try await client.forget()
            #expect(try await get("/", sampled + sampled).hasSuffix("none!"))
            try await client.forget()
            #expect(try await get("/", "").hasSuffix("none!"))
            try await client.forget()
            #expect(try await get("/throw", sampled).hasPrefix("HTTP/1.1 500 "))
        }
        try await eventually("two spans") { spans.withLock { $0.count } == 2 }
        let (first, second) = spans.withLock { ($0[0], $0[1]) }
        #expect(first.name == "GET gate" && first.kind == .server && first.parent == 0xb7ad_6b71_6920_3331)
        #expect(first.status == .unset && first.end >= first.start)
        #expect(
            first.attributes == [
                .init("http.request.method", .string("GET")), .init("url.path", .string("/a")),
                .init("http.response.status_code", .integer(200)),
            ])
        #expect(second.status == .error("the response's status is 500"))
    }

    @Test(arguments: [RunsOn.loop, .pool])
    func handlerSeesTheRequestAndAnswers(_ place: RunsOn) async throws {
        try await withServer(runsOn: place) { request, body, writer in
            #expect(request.method == .post)
            #expect(request.path == "/a?b")
            #expect(request.authority == "me:1")
            #expect(request.headerFields[.accept] == "x, y")
            let text = String(decoding: try await body.collect(upTo: 100), as: UTF8.self)
            try await writer.respond(status: .created, headers: [.contentType: "text/x"], body: text + "!")
        } _: { client, _ in
            for _ in 0..<2 {
                try await client.send(
                    "POST /a?b HTTP/1.1\r\nHost: me:1\r\nAccept: x\r\nAccept: y\r\nContent-Length: 2\r\n\r\nhi")
                let response = await client.receive("hi!")
                #expect(response.hasPrefix("HTTP/1.1 201 Created\r\nContent-Type: text/x\r\nDate: "))
                #expect(response.contains("Content-Length: 3\r\n"))
                try await client.forget()
            }
        }
    }

    @Test func bodyOfUnknownLengthIsChunkedAndHeadHasNone() async throws {
        try await withServer { request, _, writer in
            try await writer.writeHead(HTTPResponse(status: .ok))
            try await writer.write("one")
            try await writer.write("two")
        } _: { client, _ in
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await client.receive("0\r\n\r\n").hasSuffix("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"))
            try await client.forget()
            try await client.send("GET / HTTP/1.0\r\n\r\n")
            #expect(await client.receiveAll().hasSuffix("Connection: close\r\n\r\nonetwo"))
        }
    }

    @Test func responseToHeadNamesTheLengthAndHasNoBody() async throws {
        try await withServer { _, _, writer in
            try await writer.respond(body: "hello")
        } _: { client, _ in
            try await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let both = await client.receive("hello")
            #expect(both.split(separator: "Content-Length: 5\r\n").count == 3)
            #expect(both.split(separator: "\r\n\r\nHTTP/1.1").count == 2)
        }
    }

    @Test func handlerThatThrowsIs500AndTheConnectionGoesOn() async throws {
        struct Failure: Error {}
        try await withServer { request, _, writer in
            if request.path == "/ok" { return try await writer.respond(body: "ok") }
            throw Failure()
        } _: { client, _ in
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await client.receive("handler failed\n").hasPrefix("HTTP/1.1 500 "))
            try await client.send("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await client.receive("\r\n\r\nok").hasSuffix("ok"))
        }
    }

    @Test func handlerWithoutResponseIs500() async throws {
        try await withServer { _, _, _ in
        } _: { client, _ in
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await client.receive("no response\n").hasPrefix("HTTP/1.1 500 "))
        }
    }

    @Test func bodyLargerThanCollectedIs413() async throws {
        try await withServer { _, body, writer in
            _ = try await body.collect(upTo: 4)
            try await writer.respond()
        } _: { client, address in
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            #expect(await client.receiveAll().hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func clientThatExpectsContinueGetsItWhenTheBodyIsRead() async throws {
        try await withServer { request, body, writer in
            if request.path == "/no" { return try await writer.respond(status: .forbidden) }
            let bytes = try await body.collect(upTo: 10)
            try await writer.respond(body: bytes)
        } _: { client, _ in
            let head = "HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
            try await client.send("POST /yes \(head)")
            #expect(await client.receive("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try await client.send("ok")
            #expect(await client.receive("\r\n\r\nok").contains("HTTP/1.1 200 OK\r\n"))
            try await client.forget()
            try await client.send("POST /no \(head)")
            #expect(await client.receiveAll().hasPrefix("HTTP/1.1 403 "))
        }
    }

    @Test func handlerOfAClientThatLeavesIsCancelled() async throws {
        let (events, report) = AsyncStream<String>.makeStream()
        var configuration = HTTPServerConfiguration.application
        configuration.halfClosedTimeout = .milliseconds(50)
        try await withServer(configuration: configuration) { _, _, writer in
            report.yield("started")
            do {
                try await Task.sleep(for: .seconds(60))
            } catch {
                report.yield("cancelled")
            }
        } _: { client, _ in
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            var iterator = events.makeAsyncIterator()
            #expect(await iterator.next() == "started")
            try await client.close()
            #expect(await iterator.next() == "cancelled")
        }
    }

    @Test func handlerOfAHalfClosedClientIsNotCancelledAndItsResponseArrives() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        let size = 8 << 20
        try await withServer { _, _, writer in
            for await _ in gate {}
            #expect(!Task.isCancelled)
            try await writer.writeHead(HTTPResponse(status: .ok))
            // More than the mark: the handler waits for the client meanwhile.
            for _ in 0..<8 { try await writer.write([UInt8](repeating: 7, count: size / 8)) }
        } _: { client, _ in
            try await client.send("GET / HTTP/1.0\r\n\r\n")
            try await client.shutdown()
            try await client.setReading(false)
            open.finish()
            try await client.setReading(true)
            let response = await client.receive { _, ended in ended }
            #expect(response.count > size)
        }
    }

    @Test(arguments: [RunsOn.loop, .pool])
    func largeUploadToAHandlerThatWaitsForEachPartArrives(_ place: RunsOn) async throws {
        let size = 32 << 20
        try await withServer(runsOn: place) { _, body, writer in
            var count = 0
            for try await slice in body {
                count += slice.count
                await Task.yield()
            }
            try await writer.respond(body: "\(count)")
        } _: { client, _ in
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
            try await client.send([UInt8](repeating: 1, count: size))
            #expect(await client.receive("\(size)").hasSuffix("\r\n\r\n\(size)"))
        }
    }

    @Test func clientThatIsMadeToWaitFor100IsNotLate() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        var configuration = HTTPServerConfiguration.application
        configuration.idleTimeout = .milliseconds(40)
        configuration.headerTimeout = .seconds(60)
        try await withServer(configuration: configuration) { _, _, writer in
            for await _ in gate {}
            try await writer.respond(body: "late")
        } _: { client, _ in
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            // Some sweeps later than the body would be due.
            try await Task.sleep(for: .milliseconds(150))
            open.finish()
            #expect(await client.receive("late").hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test(arguments: ["/zero", "/none", "/respond"])
    func bodyWhereNoneIsAllowedIsAnErrorAndNotDropped(_ path: String) async throws {
        try await withServer { request, _, writer in
            do {
                switch request.path {
                case "/zero":
                    try await writer.writeHead(HTTPResponse(status: .ok, headerFields: [.contentLength: "0"]))
                    try await writer.write("x")
                case "/none":
                    try await writer.writeHead(HTTPResponse(status: .noContent))
                    try await writer.write("x")
                default: try await writer.respond(status: .noContent, body: "x")
                }
                Issue.record("written")
            } catch {
                #expect((error as? HTTPError)?.code == .lengthExceeded)
                if request.path == "/respond" { try await writer.respond(body: "other") }
            }
        } _: { client, _ in
            try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
            let response = await client.receive(path == "/respond" ? "other" : "\r\n\r\n")
            #expect(response.hasSuffix(path == "/respond" ? "\r\n\r\nother" : "\r\n\r\n"))
        }
    }

    @Test(arguments: [100, 199, 600, 999])
    func statusThatIsNoFinalOneIsRefused(_ code: Int) async throws {
        try await withServer { _, _, writer in
            do {
                try await writer.respond(status: .init(code: code))
                Issue.record("sent")
            } catch {
                #expect((error as? HTTPError)?.code == .invalidState)
                try await writer.respond(status: .init(code: 599))
            }
        } _: { client, _ in
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await client.receive("\r\n\r\n").hasPrefix("HTTP/1.1 599 "))
        }
    }

    @Test func headThatPassesTheProxyIsTakenByTheApplication() async throws {
        try await withLoop { loop in
            let server = HTTPListenerServer(loop: loop) { request, _, writer in
                try await writer.respond(body: "\(request.headerFields.count)")
            }
            let address = try await server.start(address: .ip("127.0.0.1", port: 0))
            let proxy = try await loop.run {
                let proxy = ReverseProxy(loop: loop)
                try proxy.start(address: .ip("127.0.0.1", port: 0))
                proxy.setBackends([address])
                return ProxyBox(proxy: proxy)
            }
            let client = try await RawPeer.connect(to: try #require(proxy.address), loop: loop)
            let limits = HTTPLimits()
            let host = String(repeating: "h", count: limits.headBytes / 2)
            let start = "GET / HTTP/1.1\r\nHost: \(host)\r\n"
            let few = (2..<limits.fieldCount).map { "A\($0):b\r\n" }.joined()
            let room = limits.headBytes - start.utf8.count - few.utf8.count - 2 - 5
            let request = "\(start)\(few)Z: \(String(repeating: "z", count: room))\r\n\r\n"
            #expect(request.utf8.count == limits.headBytes)
            try await client.send(request)
            #expect(await client.receive("\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
            try await client.close()
            try await loop.run { proxy.proxy.close() }
            await server.drain()
        }
    }

    @Test func readerOfABodyThatNeverComesHearsOfTheEnd() async throws {
        let (events, report) = AsyncStream<String>.makeStream()
        try await withServer { _, body, _ in
            do {
                for try await slice in body { report.yield("\(slice.count)") }
            } catch {
                report.yield("\((error as? HTTPError)?.code == .clientGone)")
            }
        } _: { client, _ in
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab")
            var iterator = events.makeAsyncIterator()
            #expect(await iterator.next() == "2")
            try await client.close()
            #expect(await iterator.next() == "true")
        }
    }

    @Test func moreThanAnnouncedIsRefusedAndLessCutsTheConnection() async throws {
        try await withServer { request, _, writer in
            try await writer.writeHead(HTTPResponse(status: .ok, headerFields: [.contentLength: "3"]))
            try await writer.write("ab")
            do {
                try await writer.write("cd")
                Issue.record("too much was written")
            } catch {
                #expect((error as? HTTPError)?.code == .lengthExceeded)
            }
        } _: { client, _ in
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await client.receiveAll().hasSuffix("\r\n\r\nab"))
        }
    }

    @Test(arguments: [RunsOn.loop, .pool])
    func largeBodiesEchoWithBackPressure(_ place: RunsOn) async throws {
        let size = 10 << 20
        try await withServer(runsOn: place) { _, body, writer in
            try await writer.writeHead(HTTPResponse(status: .ok, headerFields: [.contentLength: "\(size)"]))
            for try await slice in body { try await writer.write(slice) }
        } _: { client, _ in
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
            try await client.setReading(false)
            try await client.send([UInt8](repeating: 7, count: size - 3) + [1, 2, 3])
            try await client.setReading(true)
            let response = await client.receive { bytes, ended in ended || bytes.count > size }
            #expect(response.suffix(4) == [7, 1, 2, 3])
        }
    }

    @Test func handlerThatReadsNothingHoldsTheClientBack() async throws {
        let size = 64 << 20
        let (gate, open) = AsyncStream<Void>.makeStream()
        try await withLoop { loop in
            let server = HTTPListenerServer(loop: loop) { _, body, writer in
                for await _ in gate { break }
                var count = 0
                for try await slice in body { count += slice.count }
                try await writer.respond(body: "\(count)")
            }
            let address = try await server.start(address: .ip("127.0.0.1", port: 0))
            let client = try await RawPeer.connect(to: address, loop: loop)
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
            try await client.send([UInt8](repeating: 1, count: size))
            var last = -1
            while true {
                let held = try await server.bufferedBytes()
                #expect(held <= ReceivedBytes.highWaterMark + 2 * EventLoop.readBufferSize)
                let left = try await client.unsentBytes()
                if left == last, held > 0 { break }
                last = left
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(last > size / 2)
            open.finish()
            #expect(await client.receive("\(size)").hasSuffix("\r\n\r\n\(size)"))
            try await client.close()
            await server.drain()
        }
    }

    @Test func serverThatIsDrainedBeforeItStartsListensToNobody() async throws {
        try await withLoop { loop in
            let server = HTTPListenerServer(loop: loop) { _, _, writer in try await writer.respond() }
            await server.drain()
            let socket = try ListeningSocket(address: .ip("127.0.0.1", port: 0))
            try await server.start(socket: socket)
            #expect(socket.takeDescriptor().map { closeDescriptor($0) } != nil)
            await server.drain()
        }
    }

    @Test func requestsThatWereOnTheirWayWhenADrainBeganAreAnswered() async throws {
        try await withLoop { loop in
            var configuration = HTTPServerConfiguration.application
            // Far longer than the test: what is answered is answered within the grace.
            configuration.drainGrace = .seconds(3600)
            let server = HTTPListenerServer(loop: loop, configuration: configuration) { _, _, writer in
                try await writer.respond(body: "answer")
            }
            let address = try await server.start(address: .ip("127.0.0.1", port: 0))
            let kept = try await RawPeer.connect(to: address, loop: loop)
            try await kept.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = await kept.receive("answer")
            try await kept.forget()
            let drained = Task { await server.drain() }
            try await awaitDrain(of: address, loop)
            // On a kept connection, and on a new one.
            let late = try await RawPeer.connect(to: address, loop: loop)
            for client in [kept, late] {
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                let answer = await client.receiveAll()
                #expect(answer.contains("Connection: close\r\n") && answer.hasSuffix("answer"), "\(answer)")
                try await client.close()
            }
            try await server.close()
            await drained.value
        }
    }

    /// Returns when the server promises no connection to stay any more.
    private func awaitDrain(of address: SocketAddress, _ loop: EventLoop) async throws {
        while true {
            let probe = try await RawPeer.connect(to: address, loop: loop)
            try await probe.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = await probe.receive("answer")
            try await probe.close()
            if answer.contains("Connection: close\r\n") { return }
        }
    }

    @Test func drainWaitsForTheHandler() async throws {
        try await withLoop { loop in
            let (gate, open) = AsyncStream<Void>.makeStream()
            let (started, start) = AsyncStream<Void>.makeStream()
            let server = HTTPListenerServer(loop: loop) { _, _, writer in
                start.finish()
                for await _ in gate {}
                try await writer.respond(body: "late")
            }
            let address = try await server.start(address: .ip("127.0.0.1", port: 0))
            let client = try await RawPeer.connect(to: address, loop: loop)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            for await _ in started {}
            async let drained: Void = server.drain()
            open.finish()
            let response = await client.receiveAll()
            #expect(response.hasSuffix("late"))
            try await client.close()
            await drained
        }
    }

    @Test func listenerServesUntilItDrains() async throws {
        try await withLoop { loop in
            let listener = try WeaverListener(name: "web", address: .ip("127.0.0.1", port: 0), loop: loop)
            let address = try #require(SocketAddress(listener.address))
            async let served: Void = listener.serve { _, _, writer in try await writer.respond(body: "hello") }
            let client = try await RawPeer.connect(to: address, loop: loop)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await client.receive("hello").hasSuffix("hello"))
            async let drained: Void = listener.drain()
            _ = await client.receiveAll()
            try await client.close()
            await drained
            try await served
        }
    }
}
