import ArgumentParser
import Foundation
import Harness
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
            for slices in [1, 64, 1024] {
                if let row = try measure(drawn, named: keys, slices: slices) { rows.append(row) }
            }
        }
        try Report("load", rows: rows).print(json: json, columns: LoadRow.columns, cells: \.cells)
    }

    private func measure(_ drawn: [UInt64], named keys: LoadKeys, slices: Int) throws -> LoadRow? {
        let load = BenchmarkLoad(slices: slices)
        let rounds = max(1, calls / drawn.count)
        let clock = ContinuousClock()
        var (calls, reports): ([Double], [Double]) = ([], [])
        for _ in 0..<runs {
            let counting = clock.measure { for _ in 0..<rounds { load.add(drawn) } }
            var counted: (calls: UInt64, slices: Int) = (0, 0)
            let reporting = clock.measure { counted = load.report() }
            guard counted.calls == UInt64(rounds * drawn.count) else { throw BenchmarkError("calls are missing") }
            calls.append(counting / .nanoseconds(1) / Double(counted.calls))
            reports.append(reporting / .microseconds(1))
        }
        return LoadRow(keys: keys.rawValue, slices: slices, calls: calls, reports: reports)
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
    let callNanoseconds: Spread
    let reportMicroseconds: Spread

    /// Nil where there were no runs.
    init?(keys: String, slices: Int, calls: [Double], reports: [Double]) {
        guard let calls = Spread(calls), let reports = Spread(reports) else { return nil }
        self.keys = keys
        self.slices = slices
        callNanoseconds = calls
        reportMicroseconds = reports
    }

    static let columns = ["keys", "slices", "ns a call", "min", "max", "µs a report", "min", "max"]

    /// The row of the table.
    var cells: [String] { [keys, "\(slices)"] + callNanoseconds.cells(1) + reportMicroseconds.cells(1) }
}
