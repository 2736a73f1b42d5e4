import WeaverCore

/// What `weaver multi deploy` prints before the first log line:
///
///     ╭───────────────────────────────────────────────────╮
///     │ app        : lemon                                │
///     │ deployment : f74f7512-a8ff-48e2-bdce-8a1a3dd4c640 │
///     ╰───────────────────────────────────────────────────╯
enum Banner {
    /// The banner's lines, every one ended by a newline.
    static func text(app: String, deployment: String, style: TextStyle) -> String {
        let fields = [("app", app), ("deployment", deployment)]
        let labelWidth = fields.map(\.0.count).max() ?? 0
        let valueWidth = fields.map(\.1.count).max() ?? 0
        let rule = String(repeating: "─", count: labelWidth + valueWidth + 5)
        var text = "╭\(rule)╮\n"
        for (label, value) in fields {
            text += "│ \(style.dim(label.padded(to: labelWidth))) : \(style.bold(value.padded(to: valueWidth))) │\n"
        }
        return text + "╰\(rule)╯\n"
    }
}
