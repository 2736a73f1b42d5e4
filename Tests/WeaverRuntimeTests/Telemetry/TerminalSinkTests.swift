import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite(.timeLimit(.minutes(1)))
struct TerminalSinkTests {
    private let printer = LogPrinter(style: .plain, utcOffset: { _ in 0 })

    private func entry(_ message: String) -> LogEntry {
        LogEntry(time: 0, level: .info, component: "main", message: message)
    }

    @Test func `what was logged is written in its order when flush returns`() async throws {
        var pipe = try PipePair()
        let (readEnd, writeEnd) = (pipe.takeReadEnd(), pipe.takeWriteEnd())
        let sink = try TerminalSink(descriptor: writeEnd, printer: printer)
        sink.put { "banner\n" }
        for number in 0..<100 { sink.write(entry("number \(number)")) }
        await sink.flush(within: .seconds(30))
        close(writeEnd)
        let text = String(decoding: try SmallFile.read(descriptor: readEnd, limit: 1 << 20), as: UTF8.self)
        close(readEnd)
        let lines = text.split(separator: "\n")
        #expect(lines.first == "banner")
        #expect(lines.dropFirst().enumerated().allSatisfy { $1.hasSuffix("number \($0)") })
        #expect(lines.count == 101)
    }

    @Test func `a reader that never reads holds up neither those who log nor the end, and what it missed is told`()
        async throws
    {
        var pipe = try PipePair()
        let (readEnd, writeEnd) = (pipe.takeReadEnd(), pipe.takeWriteEnd())
        let sink = try TerminalSink(descriptor: writeEnd, printer: printer, queue: LineQueue(capacity: 64 << 10))
        let text = String(repeating: "x", count: 1000)
        for _ in 0..<1000 { sink.write(entry(text)) }
        await sink.flush(within: .milliseconds(1))
        // Once somebody reads, everything that was kept comes, with the number of what was not.
        let copy = dup(readEnd)
        let reading = Task.detached { try SmallFile.read(descriptor: copy, limit: 8 << 20) }
        await sink.flush(within: .seconds(30))
        close(writeEnd)
        let lines = String(decoding: try await reading.value, as: UTF8.self).split(separator: "\n")
        close(copy)
        close(readEnd)
        // There is a notice for each time that the writer went on.
        let lost = lines.filter { $0.hasPrefix("weaver: ") }.compactMap { Int($0.split(separator: " ")[1]) }.reduce(
            0, +)
        #expect(lost > 0)
        #expect(lines.count { $0.hasSuffix(text) } + lost == 1000)
    }

    @Test func `a reader that has gone is no error`() async throws {
        var pipe = try PipePair()
        let writeEnd = pipe.takeWriteEnd()
        close(pipe.takeReadEnd())
        // The loop ignores SIGPIPE for the process.
        try await withLoop { _ in
            let sink = try TerminalSink(descriptor: writeEnd, printer: printer)
            sink.write(entry("for nobody"))
            await sink.flush(within: .seconds(30))
        }
        close(writeEnd)
    }
}
