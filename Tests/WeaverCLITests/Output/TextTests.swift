import Testing
import WeaverCore

@testable import WeaverCLI

@Suite struct TextTests {
    @Test(
        arguments: [
            (0, "0s"), (22, "22s"), (59, "59s"), (60, "1m"), (185, "3m5s"), (3599, "59m59s"), (3600, "1h"),
            (7800, "2h10m"),
            (86399, "23h59m"), (86400, "1d"), (86400 * 5 + 3 * 3600 + 59, "5d3h"), (-7, "0s"),
        ] as [(Int64, String)])
    func agesShowTheTwoLargestUnits(seconds: Int64, text: String) {
        #expect(Age.text(seconds: seconds) == text)
    }

    @Test func theBannerNamesTheAppAndTheDeployment() {
        #expect(
            Banner.text(app: "lemon", deployment: "f74f7512-a8ff-48e2-bdce-8a1a3dd4c640", style: .plain) == """
                ╭───────────────────────────────────────────────────╮
                │ app        : lemon                                │
                │ deployment : f74f7512-a8ff-48e2-bdce-8a1a3dd4c640 │
                ╰───────────────────────────────────────────────────╯

                """)
    }

    @Test func colourNeedsATerminalThatWantsIt() {
        #expect(TextStyle(isTerminal: true, environment: ["TERM": "xterm"]) == .colored)
        #expect(TextStyle(isTerminal: true, environment: [:]) == .colored)
        #expect(TextStyle(isTerminal: true, environment: ["NO_COLOR": ""]) == .colored)
        #expect(TextStyle(isTerminal: true, environment: ["NO_COLOR": "1"]) == .plain)
        #expect(TextStyle(isTerminal: true, environment: ["TERM": "dumb"]) == .plain)
        #expect(TextStyle(isTerminal: false, environment: ["TERM": "xterm"]) == .plain)
    }

    @Test func aReplicaKeepsItsColourFromRunToRun() {
        #expect(TextStyle.colored.colored("x", by: "f74f7512") == TextStyle.colored.colored("x", by: "f74f7512"))
        #expect(TextStyle.plain.colored("x", by: "f74f7512") == "x")
    }
}
