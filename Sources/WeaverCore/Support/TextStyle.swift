/// Whether text is written with ANSI escape sequences, and the few that the command line uses.
package enum TextStyle: Equatable, Sendable {
    /// Text only: for files, pipes and terminals without colour.
    case plain
    /// Text with ANSI colours.
    case colored

    /// Decides by the conventions: colour only on a terminal, unless `NO_COLOR` is set to anything but the empty string
    /// (no-color.org) or `TERM` is `dumb`.
    package init(isTerminal: Bool, environment: [String: String]) {
        let refused = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        self = isTerminal && !refused && environment["TERM"] != "dumb" ? .colored : .plain
    }

    /// `text` in a fainter shade.
    package func dim(_ text: String) -> String { apply("2", to: text) }

    /// `text` in bold.
    package func bold(_ text: String) -> String { apply("1", to: text) }

    /// `text` in the colour of a warning.
    package func yellow(_ text: String) -> String { apply("33", to: text) }

    /// `text` in the colour of an error.
    package func red(_ text: String) -> String { apply("31", to: text) }

    /// `text` in a colour that is the same for the same `key`, in every run. Red and yellow are kept for errors and
    /// warnings.
    package func colored(_ text: String, by key: String) -> String {
        // FNV-1a: Swift's own hash differs from run to run.
        let hash = key.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return apply(Self.palette[Int(hash % UInt64(Self.palette.count))], to: text)
    }

    private static let palette = ["32", "34", "35", "36", "92", "94", "95", "96"]

    private func apply(_ code: String, to text: String) -> String {
        self == .colored ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }
}

extension String {
    /// The text with spaces after it, so that it has at least `width` characters.
    package func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
