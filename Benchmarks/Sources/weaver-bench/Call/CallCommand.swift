import ArgumentParser
import Foundation
@_spi(Benchmarks) import WeaverRuntime

/// `weaver-bench call`
struct CallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "call",
        abstract: "Calls a component in another process.",
        discussion: """
            The whole path: typed client stub, wire, typed server stub, the
            component's async method, and back. The server is a second process
            on a core of its own; "one core" means that both share one. Of
            several runs the one with the median rate is reported; latency is
            that of one call in \(CallLane.samplingInterval).
            """)

    @Option(parsing: .upToNextOption, help: "Payload sizes in bytes.")
    var sizes = [64, 1024, 65536, 1_048_576]

    @Option(parsing: .upToNextOption, help: "Calls in flight; 0 is one at a time with both processes on one core.")
    var inFlight = [0, 1, 16, 64, 256]

    @Option(parsing: .upToNextOption, help: "Implementations: struct, actor.")
    var implementations = [EchoKind.struct, .actor]

    @Option(parsing: .upToNextOption, help: "Payloads: bytes ([UInt8]), text (String).")
    var payloads = [PayloadKind.bytes]

    @Option(help: "Seconds that each run lasts.")
    var seconds = 1.0

    @Option(help: "Runs of each case.")
    var runs = 3

    @Flag(help: "Prints JSON.")
    var json = false

    func validate() throws {
        guard sizes.allSatisfy({ $0 >= 0 }), inFlight.allSatisfy({ $0 >= 0 }), seconds > 0, runs > 0 else {
            throw ValidationError("sizes and calls in flight must not be negative, seconds and runs be more than 0")
        }
    }

    func run() async throws {
        let cores = Affinity.cores
        let server = try ServerProcess()
        defer { server.end() }
        let client = try CallClient(server: server)
        var rows: [CallRow] = []
        for payload in payloads {
            for implementation in implementations {
                for size in sizes {
                    for count in inFlight {
                        if let first = cores.first, let last = cores.last {
                            try Affinity.pin(getpid(), to: first)
                            try Affinity.pin(server.pid, to: count == 0 ? first : last)
                        }
                        let benchmark = CallCase(
                            implementation: implementation, payload: payload, size: size, inFlight: count)
                        rows.append(await measure(benchmark, client))
                    }
                }
            }
        }
        try Report("call", rows: rows).print(json: json, columns: CallRow.columns, cells: \.cells)
        if !json { for note in rows.compactMap(\.note) { print(note) } }
    }

    private func measure(_ benchmark: CallCase, _ client: CallClient) async -> CallRow {
        do {
            _ = try await client.run(benchmark, for: .seconds(min(0.2, seconds)))
            var measured: [CallMeasurement] = []
            for _ in 0..<runs { measured.append(try await client.run(benchmark, for: .seconds(seconds))) }
            let sorted = measured.sorted { $0.callsPerSecond < $1.callsPerSecond }
            return CallRow(benchmark: benchmark, runs: sorted)
        } catch {
            await client.settle()
            return CallRow(benchmark: benchmark, error: "\(error)")
        }
    }
}

/// Which implementation answers.
enum EchoKind: String, ExpressibleByArgument, Encodable, CaseIterable {
    case `struct`, actor
}

/// What goes there and back.
enum PayloadKind: String, ExpressibleByArgument, Encodable, CaseIterable {
    case bytes, text
}

/// One line of the benchmark.
struct CallCase: Encodable, Sendable {
    let implementation: EchoKind
    let payload: PayloadKind
    /// Bytes of the argument, and of the result.
    let size: Int
    /// 0 for one at a time with both processes on one core.
    let inFlight: Int
}
