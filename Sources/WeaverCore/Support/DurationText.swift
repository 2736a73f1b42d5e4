/// Durations as people write them in a config: `30s`, `500ms`, `1m30s`, `1.5h`.
package enum DurationText {
    /// The units, from the longest to the shortest, in nanoseconds.
    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1000),
        ("ns", 1),
    ]

    /// The longest that can be written: 10,000 hours.
    package static let maximum = Duration.seconds(36_000_000)

    /// The duration that `text` means: numbers with units from long to short, each unit once, the numbers with up to
    /// nine digits before and after a point. nil for anything else, and for what is longer than ``maximum``.
    package static func parse(_ text: String) -> Duration? {
        var rest = text.utf8[...]
        var units = units[...]
        var total: Int64 = 0
        repeat {
            guard let whole = digits(&rest), whole.count > 0 else { return nil }
            var fraction = (value: Int64(0), count: 0)
            if rest.first == UInt8(ascii: ".") {
                rest.removeFirst()
                guard let digits = digits(&rest), digits.count > 0 else { return nil }
                fraction = digits
            }
            let name = rest.prefix { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
            guard let position = units.firstIndex(where: { $0.name.utf8.elementsEqual(name) }) else { return nil }
            let unit = units[position].nanoseconds
            rest = rest[name.endIndex...]
            units = units[(position + 1)...]
            var scale: Int64 = 1
            for _ in 0..<fraction.count { scale *= 10 }
            // Below 2^31 × 2^42 and 2^30 × 2^42: neither product overflows its 128 bits.
            let nanoseconds = Int128(whole.value) * Int128(unit) + Int128(fraction.value) * Int128(unit) / Int128(scale)
            guard nanoseconds + Int128(total) <= Int128(maximum.components.seconds) * 1_000_000_000 else { return nil }
            total += Int64(nanoseconds)
        } while !rest.isEmpty
        return .nanoseconds(total)
    }

    /// `duration` in whole numbers of the units that it needs, such as `1m30s`: what ``parse(_:)`` reads.
    package static func text(_ duration: Duration) -> String {
        var rest = Int64(clamping: duration.clampedNanoseconds)
        var text = ""
        for unit in units where rest >= unit.nanoseconds {
            text += "\(rest / unit.nanoseconds)\(unit.name)"
            rest %= unit.nanoseconds
        }
        return text.isEmpty ? "0s" : text
    }

    /// Up to nine digits from the front; nil when there are more.
    private static func digits(_ text: inout Substring.UTF8View) -> (value: Int64, count: Int)? {
        let digits = text.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard digits.count <= 9 else { return nil }
        text = text[digits.endIndex...]
        return (digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }, digits.count)
    }
}
