import Testing
import WeaverCore

@Suite struct LogPrinterTests {
    @Test func `a component, a file or a replica cannot move the cursor or hide other lines`() {
        let printer = LogPrinter(style: .plain, utcOffset: { _ in 0 })
        let text = printer.text(
            LogEntry(
                time: 0, level: .info, component: "A\u{1b}[2J\nB", replica: "r\n\u{7}", file: "x/\u{1b}]0;t\r\n.swift",
                line: 1, message: "said"))
        #expect(text.unicodeScalars.count { $0.value < 0x20 } == 1 && text.hasSuffix("\n"))
    }

    private let entry = LogEntry(
        time: 1_767_207_600_000_042, level: .info, component: "Lemon.Categories",
        replica: "f74f7512-a8ff-48e2-bdce-8a1a3dd4c640", file: "Lemon/Store.swift", line: 24, message: "created",
        attributes: ["name": "a \"b\"\n", "id": "7"])
    private let utc = LogPrinter(style: .plain) { _ in 0 }

    @Test func anEntryIsALine() {
        #expect(
            utc.text(entry)
                == "I1231 19:00:00.000042 Lemon.Categories     f74f7512 Store.swift:24       │ created id=\"7\" "
                + "name=\"a \\\"b\\\"\\n\"\n")
    }

    @Test func theTimeIsTheReaders() {
        let printer = LogPrinter(style: .plain) { _ in 5 * 3600 + 1 }
        #expect(printer.text(entry).hasPrefix("I0101 00:00:01.000042 "))
    }

    @Test func aMessageOfSeveralLinesGoesOnUnderTheBar() {
        let entry = LogEntry(time: 0, level: .error, component: "main", replica: "", message: "one\ntwo")
        #expect(
            utc.text(entry) == """
                E0101 00:00:00.000000 main                                               │ one
                                                                                         │ two

                """)
    }

    @Test(arguments: zip(LogEntry.Level.allCases, "TDINWEC"))
    func everyLevelHasItsLetter(level: LogEntry.Level, letter: Character) {
        let entry = LogEntry(time: 0, level: level, component: "main", replica: "", message: "")
        #expect(utc.text(entry).first == letter)
    }

    @Test func controlCharactersDoNotReachTheTerminal() {
        let entry = LogEntry(
            time: 0, level: .info, component: "main", replica: "", message: "a\u{1b}[2Jb\rc\u{9b}d",
            attributes: ["k": "\u{7}"])
        let text = utc.text(entry)
        #expect(text.hasSuffix("│ a\u{fffd}[2Jbc\u{fffd}d k=\"\u{fffd}\"\n"))
    }

    @Test func `each control character is found by itself`() {
        for value in UInt8.min ... .max {
            let scalar = Unicode.Scalar(value)
            let text = utc.text(LogEntry(time: 0, level: .info, component: "main", message: "a\(scalar)é"))
            let controls = text.unicodeScalars.filter { $0.value < 0x20 || (0x7f...0x9f).contains($0.value) }
            #expect(controls.allSatisfy { $0 == "\n" || $0 == "\t" }, "U+\(String(value, radix: 16))")
        }
    }

    @Test func theLinesOfAReplicaHaveItsColour() {
        let printer = LogPrinter(style: .colored) { _ in 0 }
        let colored = TextStyle.colored.colored("Lemon.Categories     f74f7512", by: entry.replica)
        #expect(printer.text(entry).contains(colored))
    }

    @Test(
        arguments: [
            (0, 1, 1), (58, 2, 28), (59, 3, 1), (364, 12, 31), (365 + 365 + 59, 2, 29), (-1, 12, 31), (11_016, 2, 29),
            (-719_468, 3, 1), (20_819, 1, 1),
        ] as [(Int64, Int64, Int64)])
    func daysBecomeDates(day: Int64, month: Int64, dayOfMonth: Int64) {
        let date = CivilDate(daysSince1970: day)
        #expect([date.month, date.day] == [month, dayOfMonth])
    }
}
