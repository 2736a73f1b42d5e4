import Foundation

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
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        Swift.print(String(decoding: try encoder.encode(self), as: UTF8.self))
    }
}

/// A table in Markdown, which reads well on a terminal too. All columns but the first are numbers, set to the right.
enum TextTable {
    static func text(columns: [String], rows: [[String]]) -> String {
        let widths = columns.indices.map { index in
            ([columns] + rows).map { index < $0.count ? $0[index].count : 0 }.max() ?? 0
        }
        let rule = widths.enumerated().map { index, width in
            String(repeating: "-", count: index == 0 ? width + 2 : width + 1) + (index == 0 ? "" : ":")
        }
        let lines = ([columns] + rows).map { line($0, widths) }
        return ([lines[0], "|" + rule.joined(separator: "|") + "|"] + lines.dropFirst()).joined(separator: "\n")
    }

    private static func line(_ cells: [String], _ widths: [Int]) -> String {
        let padded = cells.enumerated().map { index, cell in
            let space = String(repeating: " ", count: widths[index] - cell.count)
            return index == 0 ? cell + space : space + cell
        }
        return "| " + padded.joined(separator: " | ") + " |"
    }
}

extension Double {
    /// The number with that many digits after the point.
    func text(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}

extension Collection where Element: Comparable {
    /// The middle one; the upper of the two where the count is even. Nil for none.
    var median: Element? { isEmpty ? nil : sorted()[count / 2] }
}
