import Foundation
import Harness

/// Measures proxies: all stand at once, before one backend, and take turns; see ``Contest`` for why.
struct ProxyContest {
    /// How long a proxy may take to answer, and the clients to end after their window, in seconds.
    private static let patience = 15.0

    let contenders: [ProxyContender]
    let shapes: [ProxyShape]
    let repeats: Int
    let warmUp: Double
    let seconds: Double
    /// As ``Contest/quiet``.
    let quiet: Double?

    /// What a contest has given.
    struct Outcome {
        var rows: [ProxyRow] = []
        /// What is missing and why, in words.
        var leftOut: [String] = []
        /// What each contender says of itself.
        var versions: [String: String] = [:]
    }

    /// The backend and the clients: one program.
    private let load = {
        let own = Bundle.main.executableURL?.resolvingSymlinksInPath() ?? URL(filePath: CommandLine.arguments[0])
        return own.deletingLastPathComponent().appending(path: "http-load").path
    }()
    private let proxyCore = Affinity.cores.first
    private let otherCore = Affinity.cores.last

    /// Measures all of it; `progress` gets a line now and then. No process or file is left.
    func run(progress: (String) -> Void) throws -> Outcome {
        let folder = FileManager.default.temporaryDirectory.appending(path: "weaver-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let backend = try PeerProcess(program: load, arguments: ["serve"], core: otherCore)
        defer { backend.end() }
        let line = try backend.line(within: Self.patience)
        guard let port = line.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw BenchmarkError("the backend said \"\(line)\"")
        }
        var outcome = Outcome()
        var proxies: [RunningProxy] = []
        defer { for proxy in proxies { proxy.process.end(by: SIGTERM) } }
        for contender in contenders {
            do {
                proxies.append(try start(contender, backendPort: port, in: folder, &outcome))
            } catch {
                outcome.leftOut.append("\(contender.title): \(error)")
            }
        }
        for shape in shapes {
            progress(shape.title)
            outcome.rows += measure(shape, proxies, backend, &outcome.leftOut)
        }
        return outcome
    }

    private struct RunningProxy {
        let contender: ProxyContender
        let process: PeerProcess
        let port: UInt16
    }

    private func start(
        _ contender: ProxyContender, backendPort: UInt16, in folder: URL, _ outcome: inout Outcome
    ) throws -> RunningProxy {
        guard let path = contender.path else { throw BenchmarkError("\(contender.program) is not installed") }
        outcome.versions[contender.name] = try? version(of: path, contender.versionArguments)
        let own = folder.appending(path: contender.name)
        try FileManager.default.createDirectory(at: own, withIntermediateDirectories: false)
        let place = ProxyPlace(folder: own, port: try LoopbackSocket.freePort(), backendPort: backendPort)
        let arguments = try contender.arguments(place)
        // Caddy alone has threads to be bounded; the others do not look at it.
        let process = try PeerProcess(
            program: "/usr/bin/env", arguments: ["GOMAXPROCS=1", "HOME=\(own.path)", path] + arguments, core: proxyCore)
        let deadline = ContinuousClock.now + .seconds(Self.patience)
        while LoopbackSocket.status(of: "/2", port: place.port) != 200 {
            guard ContinuousClock.now < deadline else {
                process.end(by: SIGTERM)
                throw BenchmarkError("no answer within \(Self.patience) s: \(process.ending())")
            }
            usleep(20_000)
        }
        return RunningProxy(contender: contender, process: process, port: place.port)
    }

    private func version(of path: String, _ arguments: [String]) throws -> String {
        // nginx says it on standard error.
        let process = try PeerProcess(
            program: "/bin/sh", arguments: ["-c", "exec \"$0\" \"$@\" 2>&1", path] + arguments, core: nil)
        defer { process.end() }
        return try process.line(within: Self.patience)
    }

    /// A proxy that fails at a shape is left out of the rest of that shape.
    private func measure(
        _ shape: ProxyShape, _ proxies: [RunningProxy], _ backend: PeerProcess, _ leftOut: inout [String]
    ) -> [ProxyRow] {
        var runs = proxies.map { _ in [PeerMeasurement]() }
        var failed: Set<Int> = []
        for _ in 0..<repeats {
            for (index, proxy) in proxies.enumerated() where !failed.contains(index) {
                do {
                    runs[index].append(try runUndisturbed(shape, proxy, backend))
                } catch {
                    failed.insert(index)
                    leftOut.append("\(proxy.contender.title), \(shape.title): \(error)")
                }
            }
        }
        let floor = zip(proxies, runs).first { $0.0.contender.name == ProxyContender.floor }?.1
        return zip(proxies, runs).compactMap { ProxyRow($0.contender, shape, $1, floor: floor) }
    }

    private func runUndisturbed(_ shape: ProxyShape, _ proxy: RunningProxy, _ backend: PeerProcess) throws
        -> PeerMeasurement
    {
        var best = try runClients(shape, proxy, backend)
        guard let quiet else { return best }
        for _ in 1..<Contest.mostAttempts where best.otherCores > quiet {
            let next = try runClients(shape, proxy, backend)
            if next.otherCores < best.otherCores { best = next }
        }
        return best
    }

    private func runClients(_ shape: ProxyShape, _ proxy: RunningProxy, _ backend: PeerProcess) throws
        -> PeerMeasurement
    {
        let process = try PeerProcess(
            program: load,
            arguments: [
                "run", "--address", "127.0.0.1:\(proxy.port)", "--server", "\(proxy.process.id)", "--beside",
                "\(backend.id)",
                "--size", "\(shape.size)", "--in-flight", "\(shape.connections)", "--warm-up", "\(warmUp)",
                "--seconds", "\(seconds)",
            ], core: otherCore)
        defer { process.end() }
        let line = try process.line(within: warmUp + seconds + Self.patience)
        try process.waitForSuccess()
        return try PeerMeasurement(line: line)
    }
}
