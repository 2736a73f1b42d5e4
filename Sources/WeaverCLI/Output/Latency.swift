/// How long something took, for people: three digits and a unit, such as `850µs`, `1.25ms` or `12.3s`.
enum Latency {
    /// The text for a time in seconds.
    static func text(_ seconds: Double) -> String {
        let units: [(name: String, seconds: Double)] = [("s", 1), ("ms", 1e-3), ("µs", 1e-6)]
        // Rounded first, so that 999.9µs is 1.00ms.
        let unit = units.first { seconds >= $0.seconds * 0.9995 } ?? units[2]
        let value = seconds / unit.seconds
        let decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
        let scale = [1.0, 10, 100][decimals]
        // What is no number, or too large to count, is 0.
        let scaled = Int64(exactly: (value * scale).rounded()) ?? 0
        guard decimals > 0 else { return "\(scaled)\(unit.name)" }
        let fraction = "\(scaled % Int64(scale))"
        let zeros = String(repeating: "0", count: decimals - fraction.utf8.count)
        return "\(scaled / Int64(scale)).\(zeros)\(fraction)\(unit.name)"
    }
}
