import Testing
import WeaverCore

@testable import WeaverTesting

@Suite struct TestLogTests {
    private func entry(_ message: String) -> LogEntry {
        LogEntry(time: 0, level: .info, component: "c", message: message)
    }

    @Test func `at its size the oldest entries go, and their number is said`() {
        let size = entry("12").size
        let log = TestLog(maximumSize: size * 3, printsAtOnce: false)
        for number in 10...12 { log.write(entry("\(number)")) }
        #expect(log.lines.count == 3)
        for number in 13...20 { log.write(entry("\(number)")) }
        #expect(log.lines.first == "8 entries before these are not kept")
        #expect(log.lines.dropFirst().map { $0.suffix(2) } == ["18", "19", "20"])
        #expect(log.end(2).map { $0.suffix(2) } == ["19", "20"])
    }

    @Test func `the end of the log begins with the message of a crash, not in the middle of its backtrace`() {
        let log = TestLog(printsAtOnce: false)
        func printed(_ line: String) -> LogEntry {
            var entry = entry(line)
            entry.attributes["stream"] = "stderr"
            return entry
        }
        log.write(entry("begins"))
        log.write(entry("Fatal error: is only talked about"))
        log.write(printed("App/Shop.swift:7: Fatal error: no figs"))
        for number in 10...40 { log.write(printed("frame \(number)")) }
        let end = log.end(5)
        #expect(end.count == 5)
        #expect(end.first?.contains("Fatal error: no figs") == true)
        #expect(end.last?.contains("frame 13") == true)
        #expect(log.end(100).first?.contains("begins") == true)
    }

    @Test func `an entry larger than the whole is not kept`() {
        let log = TestLog(maximumSize: 100, printsAtOnce: false)
        log.write(entry(String(repeating: "x", count: 200)))
        #expect(log.lines == ["1 entries before these are not kept"])
        log.write(entry("y"))
        #expect(log.lines.last?.hasSuffix("y") == true)
    }
}
