/// The runs of one contender at one shape, and how they compare to the ceiling's.
public struct ComparisonRow: Encodable, Equatable, Sendable {
    /// The contender's name.
    public let contender: String
    /// The contender's title.
    public let title: String
    /// At what it was measured.
    public let shape: Shape
    /// Answers in a second.
    public let callsPerSecond: Spread
    /// Processor time of the server for each call.
    public let serverMicroseconds: Spread
    /// Processor time of the client for each call.
    public let clientMicroseconds: Spread
    /// What half of the timed calls of a run did not exceed.
    public let p50Microseconds: Spread
    /// What 99 of 100 timed calls of a run did not exceed.
    public let p99Microseconds: Spread
    /// How many cores everything else on the machine kept busy.
    public let otherCores: Spread
    /// The server's median divided by the ceiling's; nil where the ceiling was not measured.
    public let serverRatio: Double?
    /// The client's, likewise.
    public let clientRatio: Double?
    /// All of which this is made.
    public let runs: [PeerMeasurement]

    /// Nil where there is no run.
    init?(_ result: ContestResult, ceiling: ContestResult?) {
        guard let rate = Spread(result.runs.map(\.callsPerSecond)),
            let server = Spread(result.runs.map(\.serverMicroseconds)),
            let client = Spread(result.runs.map(\.clientMicroseconds)),
            let p50 = Spread(result.runs.map(\.p50Microseconds)), let p99 = Spread(result.runs.map(\.p99Microseconds)),
            let others = Spread(result.runs.map(\.otherCores))
        else { return nil }
        contender = result.contender.name
        title = result.contender.title
        shape = result.shape
        callsPerSecond = rate
        serverMicroseconds = server
        clientMicroseconds = client
        p50Microseconds = p50
        p99Microseconds = p99
        otherCores = others
        serverRatio = (ceiling?.runs).flatMap { Spread($0.map(\.serverMicroseconds)) }.map { server.median / $0.median }
        clientRatio = (ceiling?.runs).flatMap { Spread($0.map(\.clientMicroseconds)) }.map { client.median / $0.median }
        runs = result.runs
    }

    /// What a table has of it.
    public var cells: [String] {
        [title] + callsPerSecond.cells(0) + serverMicroseconds.cells(digits(serverMicroseconds)) + [ratio(serverRatio)]
            + clientMicroseconds.cells(digits(clientMicroseconds)) + [ratio(clientRatio)]
            + [p50Microseconds.median.text(1), p99Microseconds.median.text(1), otherCores.median.text(2)]
    }

    /// What ``cells`` are.
    public static let columns = [
        "contender", "calls/s", "min", "max", "server µs", "min", "max", "× ceiling", "client µs", "min", "max",
        "× ceiling", "p50 µs", "p99 µs", "others",
    ]

    /// Three significant digits or so.
    private func digits(_ spread: Spread) -> Int { spread.median < 10 ? 2 : spread.median < 100 ? 1 : 0 }

    private func ratio(_ ratio: Double?) -> String { ratio.map { $0.text(2) } ?? "-" }
}

/// All that a contest has given, beside the ceiling.
public struct Comparison: Encodable, Sendable {
    /// In the order in which shapes and contenders were given.
    public let rows: [ComparisonRow]
    /// What is missing and why, in words.
    public let leftOut: [String]

    /// The results, of which those of the contender with the name `ceiling` are what the others are divided by.
    public init(_ results: [ContestResult], ceiling: String) {
        let ceilings = results.filter { $0.contender.name == ceiling }
        rows = results.compactMap { result in
            ComparisonRow(result, ceiling: ceilings.first { $0.shape == result.shape })
        }
        leftOut = results.compactMap { result in
            result.failure.map { "\(result.contender.title), \(result.shape.title): \($0)" }
        }
    }

    /// A table in Markdown for each shape, with the shape above it; `more` gives further rows of a shape's table.
    public func text(more: (Shape) -> [[String]] = { _ in [] }) -> String {
        var shapes: [Shape] = []
        for row in rows where shapes.last != row.shape { shapes.append(row.shape) }
        let tables = shapes.map { shape in
            let cells = rows.filter { $0.shape == shape }.map(\.cells) + more(shape)
            return "### \(shape.title)\n\n" + TextTable.text(columns: ComparisonRow.columns, rows: cells)
        }
        return (tables + leftOut.map { "Left out: \($0)" }).joined(separator: "\n\n")
    }
}
