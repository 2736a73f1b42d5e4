import ArgumentParser
import Foundation
import Harness
@_spi(Benchmarks) import WeaverRuntime

/// `weaver-bench overload`
struct OverloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "overload",
        abstract: "Offers a process several times what it can do.",
        discussion: """
            First as many calls at a time as keep the server busy, one after the
            other: what it can do. Then calls at a multiple of that rate,
            whether the ones before are answered or not, each with a deadline.
            Goodput are the calls that were answered in time. Resident memory is
            looked at after a second of overload and at its end.
            """)

    @Option(parsing: .upToNextOption, help: "Microseconds that a call keeps the server's loop.")
    var work = [50, 100, 500]

    @Option(help: "How many times what the server can do is offered.")
    var factor = 10.0

    @Option(help: "Milliseconds until a call's deadline.")
    var deadline = 500

    @Option(help: "Seconds that each part lasts.")
    var seconds = 4.0

    @Flag(help: "Prints JSON.")
    var json = false

    func validate() throws {
        guard work.allSatisfy({ $0 > 0 }), factor >= 1, deadline > 0, seconds > 1 else {
            throw ValidationError("work and deadline must be more than 0, the factor at least 1, seconds more than 1")
        }
    }

    func run() async throws {
        let cores = Affinity.cores
        let own = Bundle.main.executableURL?.resolvingSymlinksInPath() ?? URL(filePath: CommandLine.arguments[0])
        let server = try PeerProcess(program: own.path, arguments: ["serve"], core: cores.last)
        defer { server.end() }
        guard let address = try server.line(within: 30).split(separator: " ").last else {
            throw BenchmarkError("the server does not say where it listens")
        }
        // Its loop's thread inherits the core.
        let client = try Affinity.onCore(cores.first) { try OverloadClient(address: String(address)) }
        var rows: [OverloadRow] = []
        for microseconds in work {
            let best = try await client.most(microseconds, for: .seconds(seconds))
            let measured = try await client.overload(
                microseconds, rate: best * factor, deadline: .milliseconds(deadline), for: .seconds(seconds))
            rows.append(OverloadRow(microseconds: microseconds, best: best, overload: measured))
        }
        try Report("overload", rows: rows).print(json: json, columns: OverloadRow.columns, cells: \.cells)
    }
}

/// One line of the benchmark.
struct OverloadRow: Encodable {
    let microseconds: Int
    /// Calls a second when nothing is too much.
    let best: Double
    let overload: OverloadMeasurement

    static let columns = [
        "work µs", "most/s", "offered/s", "goodput/s", "of the most", "refused/s", "late/s", "server grew KiB",
        "client grew KiB",
    ]

    var cells: [String] {
        [
            "\(microseconds)", best.text(0), overload.offered.text(0), overload.answered.text(0),
            (overload.answered / best * 100).text(1) + " %", overload.refused.text(0), overload.late.text(0),
            "\(overload.serverGrowth / 1024)", "\(overload.clientGrowth / 1024)",
        ]
    }
}
