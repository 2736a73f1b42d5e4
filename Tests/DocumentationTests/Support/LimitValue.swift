/// The value of a limit, to be compared: a number, a time, or a range of numbers.
enum LimitValue: Hashable {
    case number(Double)
    case nanoseconds(Int64)
    case range(Double, Double)

    /// A value of the code; nil for what is no limit, such as a flag or a group of limits.
    init?(_ value: Any) {
        switch value {
        case let value as Duration:
            let (seconds, attoseconds) = value.components
            self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
        case let value as Int: self = .number(Double(value))
        case let value as Int32: self = .number(Double(value))
        case let value as UInt: self = .number(Double(value))
        case let value as UInt64: self = .number(Double(value))
        case let value as Double: self = .number(value)
        case let value as ClosedRange<Int>: self = .range(Double(value.lowerBound), Double(value.upperBound))
        default: return nil
        }
    }

    /// A value as the documentation writes it, such as `64 KiB`, `10 s`, `1,024`, `8 %` or `1 to 256`.
    init?(documented text: String) {
        let words = text.split(separator: " ").map { $0.filter { $0 != "," } }
        if words.count == 3, words[1] == "to", let low = Double(words[0]), let high = Double(words[2]) {
            self = .range(low, high)
            return
        }
        guard let number = words.first.flatMap(Double.init), words.count <= 2 else { return nil }
        let unit = words.count == 2 ? words[1] : ""
        if let factor = Self.numbers[unit] {
            self = .number(number * factor)
        } else if let factor = Self.times[unit] {
            self = .nanoseconds(Int64(number * factor))
        } else {
            return nil
        }
    }

    private static let numbers: [String: Double] = ["": 1, "%": 0.01, "KiB": 1024, "MiB": 1024 * 1024]
    private static let times: [String: Double] = ["ms": 1e6, "s": 1e9, "h": 3600e9]
}
