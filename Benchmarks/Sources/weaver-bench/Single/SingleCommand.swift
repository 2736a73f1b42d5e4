import ArgumentParser
import Foundation
import Harness

/// `weaver-bench single`
struct SingleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "single",
        abstract: "Asks an application in one process, with one loop and with more.",
        discussion: """
            Clients ask again as soon as they are answered, over kept
            connections; each request makes a call by a local ref, which
            computes for a while. Clients and loops share all cores. The
            applications stand at once and take turns; medians are reported,
            with the least and the greatest. µs are processor time of the
            application for each request.
            """)

    @Option(parsing: .upToNextOption, help: "Numbers of loops; the first is what the others are compared to.")
    var loops: [Int] = [1, 2]

    @Option(parsing: .upToNextOption, help: "How often each request mixes a number.")
    var rounds: [Int] = [0, 20_000, 100_000]

    @Option(help: "Connections, with one request each on its way.")
    var connections = 64

    @Option(help: "Seconds that each run lasts.")
    var seconds = 1.0

    @Option(help: "Seconds of each run before those that count.")
    var warmUp = 0.2

    @Option(help: "Runs of each application.")
    var repeats = 5

    @Flag(help: "Prints JSON.")
    var json = false

    func validate() throws {
        guard !loops.isEmpty, loops.allSatisfy({ (1...64).contains($0) }), rounds.allSatisfy({ $0 >= 0 }) else {
            throw ValidationError("loops are 1 to 64, and rounds not negative")
        }
        guard connections > 0, seconds >= 0.001, warmUp >= 0, repeats > 0 else {
            throw ValidationError("connections, seconds and repeats must be more than 0, and the warm-up not negative")
        }
    }

    func run() throws {
        var rows: [SingleRow] = []
        for rounds in rounds {
            FileHandle.standardError.write(Data("\(rounds) rounds\n".utf8))
            rows += try measure(rounds)
        }
        let report = Report("single", rows: rows)
        if !json { print("\(repeats) runs of \(seconds.text(1)) s each, \(connections) connections") }
        try report.print(json: json, columns: SingleRow.columns, cells: \.cells)
    }

    /// The applications that compute that much, in turns.
    private func measure(_ rounds: Int) throws -> [SingleRow] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "weaver-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        var applications: [RunningApplication] = []
        defer { for application in applications { application.process.end(by: SIGTERM) } }
        for count in loops { applications.append(try RunningApplication(loops: count, rounds: rounds, in: folder)) }
        var runs = applications.map { _ in [PeerMeasurement]() }
        for _ in 0..<repeats {
            for (index, application) in applications.enumerated() {
                runs[index].append(
                    try application.ask(connections: connections, warmUp: warmUp, seconds: seconds))
            }
        }
        return zip(loops, runs).compactMap { SingleRow(loops: $0, rounds: rounds, $1, first: runs[0]) }
    }
}

/// An application that is being measured.
private struct RunningApplication {
    /// How long it may take to answer, and the clients to end after their window, in seconds.
    private static let patience = 15.0

    let process: PeerProcess
    private let port: UInt16

    init(loops: Int, rounds: Int, in folder: URL) throws {
        port = try LoopbackSocket.freePort()
        let config = folder.appending(path: "\(loops).toml")
        let text = """
            [weaver]
            name = "single"
            binary = "\(Self.program("single-app"))"
            env = ["LOG_LEVEL=error"]
            [single]
            loops = \(loops)
            [single.listeners.door]
            address = "127.0.0.1:\(port)"
            [Worker]
            rounds = \(rounds)
            """
        try text.write(to: config, atomically: true, encoding: .utf8)
        process = try PeerProcess(
            program: "/usr/bin/env", arguments: ["WEAVER_CONFIG=\(config.path)", Self.program("single-app")], core: nil)
        let deadline = ContinuousClock.now + .seconds(Self.patience)
        while LoopbackSocket.status(of: "/2", port: port) != 200 {
            guard ContinuousClock.now < deadline else {
                process.end(by: SIGTERM)
                throw BenchmarkError("no answer within \(Self.patience) s: \(process.ending())")
            }
            usleep(20_000)
        }
    }

    func ask(connections: Int, warmUp: Double, seconds: Double) throws -> PeerMeasurement {
        let load = try PeerProcess(
            program: Self.program("http-load"),
            arguments: [
                "run", "--address", "127.0.0.1:\(port)", "--server", "\(process.id)", "--size", "2", "--in-flight",
                "\(connections)", "--warm-up", "\(warmUp)", "--seconds", "\(seconds)",
            ], core: nil)
        defer { load.end() }
        let line = try load.line(within: warmUp + seconds + Self.patience)
        try load.waitForSuccess()
        return try PeerMeasurement(line: line)
    }

    private static func program(_ name: String) -> String {
        let own = Bundle.main.executableURL?.resolvingSymlinksInPath() ?? URL(filePath: CommandLine.arguments[0])
        return own.deletingLastPathComponent().appending(path: name).path
    }
}

/// The runs of one application.
struct SingleRow: Encodable, Sendable {
    let loops: Int
    let rounds: Int
    let requestsPerSecond: Spread
    /// Processor time of the application for each request, in microseconds.
    let microseconds: Spread
    let p50Microseconds: Spread
    let p99Microseconds: Spread
    /// How many cores anything but application and clients kept busy.
    let otherCores: Spread
    /// The requests a second divided by those of the first application.
    let ratio: Double
    let runs: [PeerMeasurement]

    /// Nil where there is no run.
    init?(loops: Int, rounds: Int, _ runs: [PeerMeasurement], first: [PeerMeasurement]) {
        guard let rate = Spread(runs.map(\.callsPerSecond)), let cost = Spread(runs.map(\.serverMicroseconds)),
            let p50 = Spread(runs.map(\.p50Microseconds)), let p99 = Spread(runs.map(\.p99Microseconds)),
            let others = Spread(runs.map(\.otherCores)), let base = Spread(first.map(\.callsPerSecond))
        else { return nil }
        self.loops = loops
        self.rounds = rounds
        requestsPerSecond = rate
        microseconds = cost
        p50Microseconds = p50
        p99Microseconds = p99
        otherCores = others
        ratio = rate.median / base.median
        self.runs = runs
    }

    static let columns = [
        "rounds", "loops", "requests/s", "min", "max", "× first", "CPU µs", "min", "max", "p50 µs", "p99 µs", "others",
    ]

    var cells: [String] {
        ["\(rounds)", "\(loops)"] + requestsPerSecond.cells(0) + [ratio.text(2)] + microseconds.cells(1)
            + [p50Microseconds.median.text(0), p99Microseconds.median.text(0), otherCores.median.text(2)]
    }
}
