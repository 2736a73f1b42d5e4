/// What several runs of one thing have given: the middle and both ends, because a mean hides what a shared machine does.
public struct Spread: Encodable, Equatable, Sendable {
    /// The middle one; the mean of the two in the middle where the count is even.
    public let median: Double
    /// The least.
    public let min: Double
    /// The greatest.
    public let max: Double

    /// Nil for no values.
    public init?(_ values: some Sequence<Double>) {
        let sorted = values.sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        let middle = sorted.count / 2
        median = sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
        min = first
        max = last
    }

    /// Median, least and greatest with that many digits after the point, as three cells of a table.
    public func cells(_ digits: Int) -> [String] { [median, min, max].map { $0.text(digits) } }
}
