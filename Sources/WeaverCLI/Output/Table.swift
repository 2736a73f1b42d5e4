import WeaverCore

/// A table with a title, drawn with box characters:
///
///     ╭─────────────────╮
///     │ DEPLOYMENTS     │
///     ├───────┬─────────┤
///     │ APP   │ AGE     │
///     ├───────┼─────────┤
///     │ lemon │ 22s     │
///     ╰───────┴─────────╯
///
/// A pure value: it knows nothing of terminals. A column is as wide as its widest cell, counted in characters.
struct Table: Equatable, Sendable {
    /// The line above the columns.
    var title: String
    /// The names of the columns.
    var columns: [String]
    /// The cells, row by row. A row has one cell for each column.
    var rows: [[String]] = []

    /// The table as text, every line ended by a newline.
    ///
    /// - Parameter style: With colour, the leading cells that repeat the row above are dimmed, so that the eye finds where
    ///   a new application or deployment begins.
    func rendered(style: TextStyle) -> String {
        let widths = columnWidths()
        let innerWidth = widths.reduce(0) { $0 + $1 + 2 } + widths.count - 1
        var text = "╭" + String(repeating: "─", count: innerWidth) + "╮\n"
        text += "│ " + title.padded(to: innerWidth - 2) + " │\n"
        text += Self.rule("├", "┬", "┤", widths)
        text += Self.line(columns, widths)
        text += Self.rule("├", "┼", "┤", widths)
        var previous: [String] = []
        for row in rows {
            let repeated = zip(row, previous).prefix { $0 == $1 }.count
            text += Self.line(row, widths, dimmed: repeated, style)
            previous = row
        }
        return text + Self.rule("╰", "┴", "╯", widths)
    }

    /// The widths of the columns' texts; the last column grows where the title needs it.
    private func columnWidths() -> [Int] {
        var widths = columns.indices.map { column in
            rows.reduce(columns[column].count) { max($0, $1[column].count) }
        }
        let total = widths.reduce(0) { $0 + $1 + 3 } - 3
        widths[widths.count - 1] += max(0, title.count - total)
        return widths
    }

    private static func line(_ cells: [String], _ widths: [Int], dimmed: Int = 0, _ style: TextStyle = .plain) -> String
    {
        var text = "│"
        for (index, cell) in cells.enumerated() {
            let padded = cell.padded(to: widths[index])
            text += " " + (index < dimmed ? style.dim(padded) : padded) + " │"
        }
        return text + "\n"
    }

    private static func rule(_ left: String, _ middle: String, _ right: String, _ widths: [Int]) -> String {
        left + widths.map { String(repeating: "─", count: $0 + 2) }.joined(separator: middle) + right + "\n"
    }
}
