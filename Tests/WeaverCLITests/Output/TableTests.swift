import Testing
import WeaverCore

@testable import WeaverCLI

@Suite struct TableTests {
    @Test func columnsAreAsWideAsTheirWidestCell() {
        let table = Table(
            title: "DEPLOYMENTS", columns: ["APP", "DEPLOYMENT", "AGE"],
            rows: [["lemon", "f74f7512-a8ff-48e2-bdce-8a1a3dd4c640", "22s"]])
        #expect(
            table.rendered(style: .plain) == """
                ╭────────────────────────────────────────────────────╮
                │ DEPLOYMENTS                                        │
                ├───────┬──────────────────────────────────────┬─────┤
                │ APP   │ DEPLOYMENT                           │ AGE │
                ├───────┼──────────────────────────────────────┼─────┤
                │ lemon │ f74f7512-a8ff-48e2-bdce-8a1a3dd4c640 │ 22s │
                ╰───────┴──────────────────────────────────────┴─────╯

                """)
    }

    @Test func aTitleWiderThanTheColumnsWidensTheLast() {
        let table = Table(title: "A LONG TITLE", columns: ["A", "B"], rows: [["1", "2"]])
        #expect(
            table.rendered(style: .plain) == """
                ╭──────────────╮
                │ A LONG TITLE │
                ├───┬──────────┤
                │ A │ B        │
                ├───┼──────────┤
                │ 1 │ 2        │
                ╰───┴──────────╯

                """)
    }

    @Test func onlyLeadingRepeatsAreDimmedAndOnlyInColour() {
        let table = Table(
            title: "T", columns: ["A", "B", "C"], rows: [["x", "1", "z"], ["x", "2", "z"], ["x", "2", "y"]])
        let lines = table.rendered(style: .colored).split(separator: "\n")
        #expect(lines[5] == "│ x │ 1 │ z │")
        #expect(lines[6] == "│ \u{1b}[2mx\u{1b}[0m │ 2 │ z │")
        #expect(lines[7] == "│ \u{1b}[2mx\u{1b}[0m │ \u{1b}[2m2\u{1b}[0m │ y │")
        #expect(!table.rendered(style: .plain).contains("\u{1b}"))
    }
}
