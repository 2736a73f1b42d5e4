import HTTPTypes
import Synchronization
import TestSupport
import Testing
import WeaverLoop

@testable import WeaverRuntime

@Suite(.timeLimit(.minutes(1)))
struct StreamedResponseTests {
    private struct Failure: Error {}

    @Test(arguments: [RunsOn.loop, .pool])
    func `each event arrives before the next one is written`(_ place: RunsOn) async throws {
        let (gate, next) = AsyncStream<String>.makeStream()
        try await withServer(runsOn: place) { _, _, writer in
            try await writer.writeHead(
                HTTPResponse(status: .ok, headerFields: [.contentType: "text/event-stream"]))
            for await event in gate { try await writer.write("data: \(event)\n\n") }
        } _: { client, _ in
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await client.receive("\r\n\r\n").contains("\r\nContent-Type: text/event-stream\r\n"))
            for event in 1...20 {
                next.yield("\(event)")
                #expect(await client.receive("data: \(event)\n\n\r\n").hasSuffix("data: \(event)\n\n\r\n"))
            }
            next.finish()
            #expect(await client.receive("0\r\n\r\n").hasSuffix("\r\n0\r\n\r\n"))
        }
    }

    @Test(arguments: [RunsOn.loop, .pool])
    func `a client that does not read holds the writer back, and its end ends the handler`(_ place: RunsOn) async throws
    {
        let written = Atomic<Int>(0)
        let ending = Promise<(any Error)?>()
        try await withLoop { loop in
            let server = HTTPListenerServer(loop: loop, runsOn: place) { _, _, writer in
                do {
                    try await writer.writeHead(HTTPResponse(status: .ok))
                    while true {
                        try await writer.write([UInt8](repeating: 7, count: 16 * 1024))
                        written.add(16 * 1024, ordering: .relaxed)
                    }
                } catch {
                    ending.fulfil(error)
                    throw error
                }
            }
            let address = try await server.start(address: .ip("127.0.0.1", port: 0))
            let client = try await RawPeer.connect(to: address, loop: loop)
            try await client.setReading(false)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            var last = -1
            while true {
                let held = try await server.bufferedBytes()
                #expect(held <= HTTPServerConfiguration().responseHighWaterMark + 17 * 1024)
                let now = written.load(ordering: .relaxed)
                if now == last, held > 0 { break }
                last = now
                try await Task.sleep(for: .milliseconds(100))
            }
            try await client.setReading(true)
            try await eventually("it goes on") { written.load(ordering: .relaxed) > last }
            try await client.reset()
            #expect((await ending.wait() as? HTTPError)?.code == .clientGone)
            await server.drain()
        }
    }

    @Test func `a handler on the loop whose body goes nowhere gives others their turn`() async throws {
        let isOver = Atomic<Bool>(false)
        try await withServer { request, _, writer in
            if request.path == "/end" {
                isOver.store(true, ordering: .relaxed)
                return try await writer.respond(body: "ended")
            }
            try await writer.writeHead(HTTPResponse(status: .ok))
            while !isOver.load(ordering: .relaxed) { try await writer.write("x") }
        } _: { client, address in
            try await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = await client.receive("\r\n\r\n")
            try await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
            try await withLoop { loop in
                let other = try await RawPeer.connect(to: address, loop: loop)
                try await other.send("GET /end HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(await other.receive("ended").hasSuffix("ended"))
                try await other.close()
            }
        }
    }

    @Test(arguments: [RunsOn.loop, .pool])
    func `several tasks write to one slow client, each part whole`(_ place: RunsOn) async throws {
        let (tasks, parts) = (4, 60)
        try await withServer(runsOn: place) { _, _, writer in
            try await writer.writeHead(HTTPResponse(status: .ok))
            try await withThrowingTaskGroup { group in
                for task in 0..<tasks {
                    group.addTask {
                        let part = String(repeating: "\(task)", count: 16 * 1024) + "\n"
                        for _ in 0..<parts { try await writer.write(part) }
                    }
                }
                try await group.waitForAll()
            }
        } _: { client, _ in
            try await client.setReading(false)
            try await client.send("GET / HTTP/1.0\r\n\r\n")
            try await client.setReading(true)
            let lines = await client.receiveAll().split(separator: "\r\n\r\n")[1].split(separator: "\n")
            #expect(lines.count == tasks * parts)
            #expect(lines.allSatisfy { line in line.count == 16 * 1024 && line.allSatisfy { $0 == line.first } })
        }
    }

    @Test(arguments: ["1.1", "1.0"])
    func `what a handler throws in the middle shows as a response that was cut`(_ version: String) async throws {
        try await withServer { _, _, writer in
            try await writer.writeHead(HTTPResponse(status: .ok))
            try await writer.write("part")
            throw Failure()
        } _: { client, _ in
            try await client.send("GET / HTTP/\(version)\r\nHost: a\r\n\r\n")
            let response = await client.receiveAll()
            #expect(response.hasSuffix(version == "1.1" ? "\r\n\r\n4\r\npart\r\n" : "\r\n\r\npart"))
            // The end of an old client's body is the end of the connection, which has to look like what it is.
            #expect(try await client.endsWithReset() == (version == "1.0"))
        }
    }

    @Test func `what a handler does behind its response is not cancelled when the client leaves`() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        let outcome = Promise<Bool>()
        try await withLoop { loop in
            let server = HTTPListenerServer(loop: loop) { _, _, writer in
                try await writer.respond(body: "answer")
                for await _ in gate {}
                outcome.fulfil(Task.isCancelled)
            }
            let address = try await server.start(address: .ip("127.0.0.1", port: 0))
            let client = try await RawPeer.connect(to: address, loop: loop)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = await client.receive("answer")
            try await client.close()
            try await server.awaitNoConnection()
            open.finish()
            #expect(await outcome.wait() == false)
            await server.drain()
        }
    }

    // MARK: Where handlers run

    @Test(arguments: [RunsOn.loop, .pool])
    func `a handler runs where it was asked to, before and after it has waited`(_ place: RunsOn) async throws {
        try await withLoop { loop in
            let server = HTTPListenerServer(loop: loop, runsOn: place) { _, body, writer in
                let before = loop.isInLoop
                _ = try await body.collect(upTo: 10)
                let between = loop.isInLoop
                try await writer.writeHead(HTTPResponse(status: .ok, headerFields: [.contentLength: "5"]))
                #expect([before, between, loop.isInLoop] == [Bool](repeating: place == .loop, count: 3))
                try await writer.write("where")
            }
            let address = try await server.start(address: .ip("127.0.0.1", port: 0))
            let client = try await RawPeer.connect(to: address, loop: loop)
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n")
            try await client.send("hi")
            #expect(await client.receive("where").hasSuffix("\r\n\r\nwhere"))
            try await client.close()
            await server.drain()
        }
    }

    @Test func `a handler that computes on the pool stops no other connection`() async throws {
        let isOver = Atomic<Bool>(false)
        let began = Promise<Void>()
        try await withLoop { loop in
            let busy = HTTPListenerServer(loop: loop, runsOn: .pool) { _, _, writer in
                began.fulfil(())
                // It never gives its thread back.
                while !isOver.load(ordering: .relaxed) {}
                try await writer.respond(body: "computed")
            }
            // On the loop, so that one core more or less makes no difference.
            let quick = HTTPListenerServer(loop: loop) { request, _, writer in
                if request.path == "/end" { isOver.store(true, ordering: .relaxed) }
                try await writer.respond(body: "quick")
            }
            let busyAddress = try await busy.start(address: .ip("127.0.0.1", port: 0))
            let quickAddress = try await quick.start(address: .ip("127.0.0.1", port: 0))
            // So is the one who lets go of the pool's thread: others may block all the rest of them.
            try await Task(executorPreference: loop) {
                let first = try await RawPeer.connect(to: busyAddress, loop: loop)
                try await first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                await began.wait()
                let second = try await RawPeer.connect(to: quickAddress, loop: loop)
                for path in ["/", "/", "/end"] {
                    try await second.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(await second.receive("quick").hasSuffix("quick"))
                    try await second.forget()
                }
                #expect(await first.receive("computed").hasSuffix("computed"))
                try await first.close()
                try await second.close()
            }.value
            await busy.drain()
            await quick.drain()
        }
    }
}
