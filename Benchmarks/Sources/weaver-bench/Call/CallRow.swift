/// What one case of `call` has given.
struct CallRow: Encodable {
    let benchmark: CallCase
    /// The run with the median rate.
    private(set) var median: CallMeasurement?
    /// The lowest and the highest rate of all runs, in calls a second.
    private(set) var lowestRate: Double?
    private(set) var highestRate: Double?
    /// Why there are no numbers.
    private(set) var error: String?

    /// A case with its runs in the order of their rates; there is at least one.
    init(benchmark: CallCase, runs: [CallMeasurement]) {
        self.benchmark = benchmark
        median = runs[runs.count / 2]
        lowestRate = runs.first?.callsPerSecond
        highestRate = runs.last?.callsPerSecond
    }

    /// A case that could not be measured.
    init(benchmark: CallCase, error: String) {
        self.benchmark = benchmark
        self.error = error
    }

    static let columns = [
        "implementation", "size", "in flight", "calls/s", "min", "max", "server µs/call", "client µs/call", "p50 µs",
        "p99 µs",
    ]

    /// The row of the table.
    var cells: [String] {
        let count = benchmark.inFlight == 0 ? "1, one core" : "\(benchmark.inFlight)"
        let head = ["\(benchmark.implementation.rawValue), \(benchmark.payload.rawValue)", size, count]
        guard let median, let lowestRate, let highestRate else {
            return head + Array(repeating: "-", count: Self.columns.count - head.count)
        }
        return head + [
            median.callsPerSecond.text(0), lowestRate.text(0), highestRate.text(0), median.serverMicroseconds.text(2),
            median.clientMicroseconds.text(2), median.p50Microseconds.text(1), median.p99Microseconds.text(1),
        ]
    }

    /// Why the row is empty, for below the table.
    var note: String? {
        error.map { "\(benchmark.implementation.rawValue), \(size), \(benchmark.inFlight) in flight: \($0)" }
    }

    private var size: String {
        switch benchmark.size {
        case let size where size >= 1 << 20 && size % (1 << 20) == 0: "\(size >> 20) MiB"
        case let size where size >= 1 << 10 && size % (1 << 10) == 0: "\(size >> 10) KiB"
        default: "\(benchmark.size) B"
        }
    }
}
