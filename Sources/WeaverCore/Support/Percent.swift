/// A part of a whole, in words: "12.5 %".
package struct Percent: CustomStringConvertible, Sendable {
    private let thousandths: Int

    /// `part` of 1; what is no number, or too large to count, is 0.
    package init(_ part: Double) {
        thousandths = Int(exactly: (part * 1000).rounded()) ?? 0
    }

    package var description: String {
        "\(thousandths < 0 ? "-" : "")\(abs(thousandths) / 10).\(abs(thousandths) % 10) %"
    }
}
