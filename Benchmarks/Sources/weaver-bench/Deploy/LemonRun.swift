import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One deployment of the lemon application, in a folder of its own under the temporary one.
struct LemonRun {
    /// How long a deployment may take to start, and to end.
    private static let patience = Duration.seconds(60)

    let weaver: String
    let lemon: String

    /// Deploys, measures and ends; leaves nothing behind, also when it fails.
    func measure() throws -> DeployMeasurement {
        let folder = "/tmp/weaver-bench-\(UInt32.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["data", "run", "tmp"] {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/\(name)", withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
        let port = try LoopbackSocket.freePort()
        try config(folder, port).write(toFile: "\(folder)/weaver.toml", atomically: true, encoding: .utf8)

        let clock = ContinuousClock()
        let start = clock.now
        let deployer = try command(["multi", "deploy", "\(folder)/weaver.toml"], in: folder)
        defer { Self.kill(deployer) }
        var measurement = DeployMeasurement()
        try Self.wait("the first 200", while: deployer) {
            LoopbackSocket.status(of: "/product?id=1", port: port) == 200
        }
        measurement.firstReplyMilliseconds = (clock.now - start).milliseconds
        var replicas: [Status.Replica] = []
        try Self.wait("all replicas", while: deployer) {
            replicas = try status(in: folder)
            return replicas.count == 8 && replicas.allSatisfy { $0.state == "ready" }
        }
        measurement.allReadyMilliseconds = (clock.now - start).milliseconds
        measurement.deployerMemory = try Self.residentKibibytes(deployer.processIdentifier)
        measurement.replicaMemory = try replicas.map { replica in
            (replica.component, try Self.residentKibibytes(replica.pid ?? 0))
        }
        let end = clock.now
        deployer.interrupt()
        try Self.wait("the end") { !deployer.isRunning }
        measurement.stopMilliseconds = (clock.now - end).milliseconds
        return measurement
    }

    private func config(_ folder: String, _ port: UInt16) -> String {
        """
        [weaver]
        name = "lemon"
        binary = "\(lemon)"

        [Products]
        database = "\(folder)/lemon.db"

        [CategoryCache]
        database = "\(folder)/lemon.db"

        [multi.listeners.lemon]
        address = "127.0.0.1:\(port)"
        """
    }

    // MARK: The command line

    private func command(_ arguments: [String], in folder: String, output: Any? = nil) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: weaver)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging([
            "HOME": folder, "XDG_DATA_HOME": "\(folder)/data", "XDG_RUNTIME_DIR": "\(folder)/run",
            "TMPDIR": "\(folder)/tmp",
        ]) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output ?? FileHandle.nullDevice
        process.standardError = FileHandle.standardError
        try process.run()
        return process
    }

    private func status(in folder: String) throws -> [Status.Replica] {
        let pipe = Pipe()
        let process = try command(["multi", "status", "--json"], in: folder, output: pipe)
        let text = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return try JSONDecoder().decode(Status.self, from: text).deployments.first?.replicas ?? []
    }

    /// The JSON of the status, as far as it is read here.
    private struct Status: Decodable {
        var deployments: [Deployment]

        struct Deployment: Decodable {
            var replicas: [Replica]
        }

        struct Replica: Decodable {
            var component: String
            var pid: Int32?
            var state: String
        }
    }

    // MARK: Processes

    /// Asks every millisecond, until it is so, `process` has ended, or patience has.
    private static func wait(_ what: String, while process: Process? = nil, until isSo: () throws -> Bool) throws {
        let end = ContinuousClock.now + patience
        while try !isSo() {
            guard process?.isRunning != false else { throw BenchmarkError("the deployment has ended before \(what)") }
            guard ContinuousClock.now < end else { throw BenchmarkError("waited in vain for \(what)") }
            usleep(1000)
        }
    }

    /// Ends a deployer that should have ended by itself; its replicas end with it.
    private static func kill(_ process: Process) {
        if process.isRunning { _ = Foundation.kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    /// `VmRSS` of proc(5): what is in memory now, shared pages included.
    private static func residentKibibytes(_ pid: Int32) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let value = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { throw BenchmarkError("process \(pid) has ended") }
        return value
    }
}

extension Duration {
    /// The whole duration in milliseconds.
    fileprivate var milliseconds: Double { self / .milliseconds(1) }
}
