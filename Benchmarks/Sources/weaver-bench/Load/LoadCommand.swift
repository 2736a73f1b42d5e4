import ArgumentParser
import Foundation
@_spi(Benchmarks) import WeaverRuntime

/// `weaver-bench load`
struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Counts the load of routed calls.",
        discussion: """
            What a replica does for each call of a routed component, by how
            many slices there are and how the keys are spread, and what it
            costs to make a report of a period.
            """)

    @Option(help: "Calls of each run.")
    var calls = 10_000_000

    @Option(help: "Runs of each kind.")
    var runs = 7

    @Flag(help: "Prints JSON.")
    var json = false

    func validate() throws {
        guard calls > 0, runs > 0 else { throw ValidationError("calls and runs must be more than 0") }
    }

    func run() throws {
        var rows: [LoadRow] = []
        for keys in LoadKeys.allCases {
            let drawn = keys.draw()
            for slices in [1, 64, 1024] { rows.append(try measure(drawn, named: keys, slices: slices)) }
        }
        try Report("load", rows: rows).print(json: json, columns: LoadRow.columns, cells: \.cells)
    }

    private func measure(_ drawn: [UInt64], named keys: LoadKeys, slices: Int) throws -> LoadRow {
        let load = BenchmarkLoad(slices: slices)
        let rounds = max(1, calls / drawn.count)
        let clock = ContinuousClock()
        var row = LoadRow(keys: keys.rawValue, slices: slices)
        for _ in 0..<runs {
            let counting = clock.measure { for _ in 0..<rounds { load.add(drawn) } }
            var counted: (calls: UInt64, slices: Int) = (0, 0)
            let reporting = clock.measure { counted = load.report() }
            guard counted.calls == UInt64(rounds * drawn.count) else { throw BenchmarkError("calls are missing") }
            row.call.append(Double(counting.nanoseconds) / Double(counted.calls))
            row.report.append(Double(reporting.nanoseconds) / 1000)
        }
        return row
    }
}

/// How the keys of the calls are spread.
enum LoadKeys: String, CaseIterable {
    case uniform
    case zipf = "Zipf 1.1"

    /// 65,536 keys in the order of their calls: more than a branch predictor learns.
    func draw() -> [UInt64] {
        var random = SystemRandomNumberGenerator()
        return (0..<65_536).map { _ in
            switch self {
            case .uniform: random.next()
            case .zipf: Self.spread(Self.rank(Double.random(in: 0..<1, using: &random)))
            }
        }
    }

    /// A rank below a million with a probability of about rank^-1.1, from a number below 1: the inverse of the integral.
    private static func rank(_ uniform: Double) -> UInt64 {
        let (count, exponent) = (1_000_000.0, -0.1)
        return UInt64(pow(1 + uniform * (pow(count, exponent) - 1), 1 / exponent))
    }

    /// Places of keys are hashes.
    private static func spread(_ rank: UInt64) -> UInt64 {
        let product = rank.multipliedFullWidth(by: 0xA24B_AED4_963E_E407)
        return (product.low ^ product.high) &* 0x9FB2_1C65_1E98_DF25
    }
}

/// What counting has cost.
struct LoadRow: Encodable {
    let keys: String
    let slices: Int
    /// Nanoseconds of a call, run by run.
    var call: [Double] = []
    /// Microseconds of a report, run by run.
    var report: [Double] = []

    init(keys: String, slices: Int) {
        self.keys = keys
        self.slices = slices
    }

    static let columns = ["keys", "slices", "ns a call", "min", "max", "µs a report", "min", "max"]

    /// The row of the table: medians.
    var cells: [String] {
        [keys, "\(slices)"]
            + [call, report].flatMap { runs in [runs.median, runs.min(), runs.max()].map { ($0 ?? 0).text(1) } }
    }
}
