import Testing
import WeaverCore

@Suite struct LogEntryTests {
    private func entry(_ message: String, _ attributes: [String: String] = [:]) -> LogEntry {
        LogEntry(time: 0, level: .info, component: "Shop.Products", message: message, attributes: attributes)
    }

    @Test func `an entry at the limit is left alone, and one byte more is cut and marked`() {
        let empty = entry("").size
        let fits = entry(String(repeating: "x", count: LogEntry.maximumSize - empty))
        #expect(fits.cut() == fits)
        let tooLong = entry(String(repeating: "x", count: LogEntry.maximumSize - empty + 1))
        let cut = tooLong.cut()
        #expect(cut.size <= LogEntry.maximumSize)
        #expect(cut.message.hasPrefix("xxx"))
        #expect(cut.message.hasSuffix("… (cut, \(tooLong.message.utf8.count) bytes)"))
    }

    @Test(arguments: 0..<4)
    func `a cut does not fall inside of a character`(shift: Int) {
        let message = String(repeating: "x", count: shift) + String(repeating: "🍋", count: LogEntry.maximumSize / 4)
        #expect(!entry(message).cut().message.contains("\u{fffd}"))
    }

    @Test func `attributes that are too many or too large are left out and counted`() {
        let many = Dictionary(uniqueKeysWithValues: (0..<10_000).map { ("key \($0)", "") })
        let cut = entry("said", many).cut()
        #expect(cut.size <= LogEntry.maximumSize)
        #expect(cut.message == "said")
        #expect(cut.attributes["weaver.cut"] == "\(10_000 - cut.attributes.count + 1) attributes were too large")
        let large = entry("said", ["a": "kept", "b": String(repeating: "x", count: LogEntry.maximumSize)]).cut()
        #expect(large.attributes == ["a": "kept", "weaver.cut": "1 attributes were too large"])
    }

    @Test func `names that are huge are cut too`() {
        var huge = entry(String(repeating: "x", count: LogEntry.maximumSize))
        huge.component = huge.message
        huge.file = huge.message
        huge.replica = huge.message
        #expect(huge.cut().size <= LogEntry.maximumSize)
    }
}
