/// How long something has been running, for people: `22s`, `3m5s`, `2h10m`, `5d3h`. The two largest units are shown.
enum Age {
    /// The text for an age in whole seconds; negative ages (a clock was set back) read `0s`.
    static func text(seconds: Int64) -> String {
        let seconds = max(0, seconds)
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400)
        if days > 0 { return "\(days)d" + optional(hours % 24, "h") }
        if hours > 0 { return "\(hours)h" + optional(minutes % 60, "m") }
        if minutes > 0 { return "\(minutes)m" + optional(seconds % 60, "s") }
        return "\(seconds)s"
    }

    private static func optional(_ value: Int64, _ unit: String) -> String {
        value == 0 ? "" : "\(value)\(unit)"
    }
}
