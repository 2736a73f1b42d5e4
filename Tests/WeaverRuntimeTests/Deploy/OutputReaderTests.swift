import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

@Suite(.timeLimit(.minutes(1)))
struct OutputReaderTests {
    private final class Fixture: @unchecked Sendable {
        // @unchecked: used on the loop's thread only, but for the promise.
        var lines: [String] = []
        var writer: ByteStream?
        var reader: ByteStream?
        var mostInOneTick = 0
        var tick = 0
        var linesInTick = 0
        let ended = Promise<[String]>()
    }

    private func start(_ loop: EventLoop, _ fixture: Fixture) async throws {
        try await loop.run {
            var pipe = try PipePair()
            fixture.writer = try ByteStream.adopt(pipe: pipe.takeWriteEnd(), loop: loop)
            fixture.reader = try OutputReader.start(
                loop: loop, descriptor: pipe.takeReadEnd(),
                onLine: { line in
                    fixture.lines.append(line)
                    fixture.linesInTick += 1
                    fixture.mostInOneTick = max(fixture.mostInOneTick, fixture.linesInTick)
                    // What is handed in here runs after this callback, before the next one.
                    if fixture.linesInTick == 1 { loop.executeLocally { fixture.linesInTick = 0 } }
                }, onEnd: { fixture.ended.fulfil(fixture.lines) })
        }
    }

    @Test func `a flood is taken so many lines at a time, all of them and in order`() async throws {
        try await withLoop { loop in
            let fixture = Fixture()
            try await start(loop, fixture)
            let count = OutputReader.linesPerTick * 20 + 7
            let text = (0..<count).map { "\($0)\n" }.joined()
            try await loop.run {
                fixture.writer?.write { $0.append(utf8: text) }
                fixture.writer?.closeAfterFlush()
            }
            let lines = await fixture.ended.wait()
            #expect(lines == (0..<count).map { "\($0)" })
            try await loop.run { #expect(fixture.mostInOneTick <= OutputReader.linesPerTick) }
        }
    }

    @Test func `what was read before the reader is closed is not lost`() async throws {
        try await withLoop { loop in
            let fixture = Fixture()
            try await start(loop, fixture)
            let count = OutputReader.linesPerTick * 3
            try await loop.run {
                fixture.writer?.write { $0.append(utf8: String(repeating: "line\n", count: count) + "rest") }
                fixture.writer?.flushNow()
            }
            while try await loop.run({ fixture.lines.isEmpty }) { await Task.yield() }
            try await loop.run {
                fixture.reader?.close()
                fixture.writer?.close()
            }
            let lines = await fixture.ended.wait()
            #expect(lines.count == count + 1 && lines.last == "rest")
        }
    }
}
