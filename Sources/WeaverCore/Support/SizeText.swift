/// Sizes as people write them in a config and on the command line: `512`, `64KiB`, `10MiB`, `1GiB`. Whole numbers of
/// bytes; the units are powers of 1024, and only those, so that nobody has to guess.
package enum SizeText {
    /// The units, from the largest to the smallest, in bytes.
    private static let units: [(name: String, bytes: UInt64)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ]

    /// The longest number that is read, in digits.
    private static let maximumDigits = 12

    /// The bytes that `text` means; nil for anything else than digits with or without a unit.
    package static func parse(_ text: String) -> UInt64? {
        let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard (1...maximumDigits).contains(digits.count), let number = UInt64(Substring(digits)) else { return nil }
        let name = Substring(text.utf8[digits.endIndex...])
        if name.isEmpty { return number }
        // Below 10^12 × 2^30: the product fits into 70 bits at most, so it is checked.
        guard let unit = units.first(where: { $0.name == name }) else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: unit.bytes)
        return overflow ? nil : bytes
    }

    /// `bytes` in the largest unit that divides them: what ``parse(_:)`` reads.
    package static func text(_ bytes: UInt64) -> String {
        guard bytes > 0, let unit = units.first(where: { bytes % $0.bytes == 0 }), unit.bytes > 1 else {
            return "\(bytes)"
        }
        return "\(bytes / unit.bytes)\(unit.name)"
    }
}
