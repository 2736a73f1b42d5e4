import Foundation
import Harness

/// The result of a command: a table for people or JSON for programs.
struct Report<Row: Encodable>: Encodable {
    /// The command's name.
    let benchmark: String
    let machine: Machine
    let rows: [Row]

    /// The rows as measured on this machine just now.
    init(_ benchmark: String, rows: [Row]) {
        self.benchmark = benchmark
        self.rows = rows
        machine = .current
    }

    /// Prints the report; `columns` gives the cells of a row for the table.
    func print(json: Bool, columns: [String], cells: (Row) -> [String]) throws {
        guard json else {
            Swift.print(machine.line)
            return Swift.print(TextTable.text(columns: columns, rows: rows.map(cells)))
        }
        try printJSON()
    }

    /// Prints the report as JSON.
    func printJSON() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        Swift.print(String(decoding: try encoder.encode(self), as: UTF8.self))
    }
}
