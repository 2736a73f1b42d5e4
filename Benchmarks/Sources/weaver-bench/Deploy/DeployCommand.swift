import ArgumentParser
import Foundation
import Harness

/// `weaver-bench deploy`
struct DeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy",
        abstract: "Deploys Examples/Lemon by \"weaver multi deploy\".",
        discussion: """
            Measures the time from the start of the command to the first 200
            through the proxy, and to the moment when all replicas take calls;
            then the resident memory of each process, and the time that Ctrl-C
            takes. Every run has a database and a port of its own, and ends
            what it has started.
            """)

    @Option(help: "The command line under test; by default the one beside this program.")
    var weaver = Self.sibling("weaver")

    @Option(help: "The Lemon binary; by default the one beside this program.")
    var lemon = Self.sibling("Lemon")

    @Option(help: "Runs.")
    var runs = 5

    @Flag(help: "Prints JSON.")
    var json = false

    func validate() throws {
        guard runs > 0 else { throw ValidationError("runs must be more than 0") }
        for path in [weaver, lemon] where !FileManager.default.isExecutableFile(atPath: path) {
            throw ValidationError("\(path) is not there; \"make release\" builds it")
        }
    }

    func run() async throws {
        var measured: [DeployMeasurement] = []
        for _ in 0..<runs { measured.append(try LemonRun(weaver: weaver, lemon: lemon).measure()) }
        let report = Report("deploy", rows: DeployRow.rows(of: measured))
        try report.print(json: json, columns: DeployRow.columns, cells: \.cells)
    }

    private static func sibling(_ name: String) -> String {
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(filePath: path).deletingLastPathComponent().appending(path: name).path
    }
}

/// What one deployment has given.
struct DeployMeasurement {
    var firstReplyMilliseconds = 0.0
    var allReadyMilliseconds = 0.0
    var stopMilliseconds = 0.0
    /// Resident memory in KiB of the deployer, and of each replica by its component.
    var deployerMemory = 0
    var replicaMemory: [(component: String, kibibytes: Int)] = []
}

/// One number of the report, over all runs.
struct DeployRow: Encodable {
    let name: String
    let unit: String
    let spread: Spread

    static let columns = ["what", "median", "min", "max", "unit"]

    var cells: [String] { [name] + spread.cells(1) + [unit] }

    /// The report's lines.
    static func rows(of runs: [DeployMeasurement]) -> [DeployRow] {
        let replicas = Dictionary(grouping: runs.flatMap(\.replicaMemory), by: \.component).sorted { $0.key < $1.key }
        let times: [DeployRow?] = [
            DeployRow("first 200 through the proxy", "ms", runs.map(\.firstReplyMilliseconds)),
            DeployRow("all eight replicas ready", "ms", runs.map(\.allReadyMilliseconds)),
            DeployRow("SIGINT to the deployer's end", "ms", runs.map(\.stopMilliseconds)),
            DeployRow("resident memory, deployer", "MiB", runs.map { Double($0.deployerMemory) / 1024 }),
        ]
        let memory = replicas.map { component, values in
            DeployRow("resident memory, \(component)", "MiB", values.map { Double($0.kibibytes) / 1024 })
        }
        return (times + memory).compactMap(\.self)
    }

    /// Nil where there are no values.
    private init?(_ name: String, _ unit: String, _ values: [Double]) {
        guard let spread = Spread(values) else { return nil }
        self.name = name
        self.unit = unit
        self.spread = spread
    }
}
