import Foundation

/// A table in Markdown, which reads well on a terminal too. All columns but the first are numbers, set to the right.
public enum TextTable {
    /// Rows may be shorter than the columns are; what is missing is empty.
    public static func text(columns: [String], rows: [[String]]) -> String {
        let rows = rows.map { $0 + Array(repeating: "", count: max(0, columns.count - $0.count)) }
        let widths = columns.indices.map { index in ([columns] + rows).map { $0[index].count }.max() ?? 0 }
        let rule = widths.enumerated().map { index, width in
            String(repeating: "-", count: index == 0 ? width + 2 : width + 1) + (index == 0 ? "" : ":")
        }
        let lines = ([columns] + rows).map { line($0, widths) }
        return ([lines[0], "|" + rule.joined(separator: "|") + "|"] + lines.dropFirst()).joined(separator: "\n")
    }

    private static func line(_ cells: [String], _ widths: [Int]) -> String {
        let padded = zip(cells, widths).enumerated().map { index, cell in
            let space = String(repeating: " ", count: cell.1 - cell.0.count)
            return index == 0 ? cell.0 + space : space + cell.0
        }
        return "| " + padded.joined(separator: " | ") + " |"
    }
}

extension Double {
    /// The number with that many digits after the point.
    public func text(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}
