import Foundation

/// Measures contenders at shapes. The runs alternate: each contender has one, then each has its second, so that what else
/// the machine does falls on all of them.
public struct Contest {
    /// How long a server may take to listen, and a client to end after its window, in seconds.
    private static let patience = 15.0

    /// What is measured.
    public let contenders: [Contender]
    /// At what.
    public let shapes: [Shape]
    /// Runs of each contender at each shape.
    public let repeats: Int
    /// Seconds of each run before the window that counts.
    public let warmUp: Double
    /// Seconds of the window.
    public let seconds: Double
    /// Where servers run; nil for anywhere.
    public let serverCore: Int32?
    /// Where clients run, unless the shape has both sides share a core; nil for anywhere.
    public let clientCore: Int32?

    /// How many cores may be kept busy by anything else during a run for it to count; a run that was disturbed more is
    /// made again. Nil where all count.
    public let quiet: Double?
    /// How often at most a run is made; when all were disturbed, the one that was least so counts.
    public static let mostAttempts = 5

    /// Nothing is started before ``run(progress:)``.
    public init(
        contenders: [Contender], shapes: [Shape], repeats: Int, warmUp: Double, seconds: Double, serverCore: Int32?,
        clientCore: Int32?, quiet: Double? = nil
    ) {
        self.contenders = contenders
        self.shapes = shapes
        self.repeats = repeats
        self.warmUp = warmUp
        self.seconds = seconds
        self.serverCore = serverCore
        self.clientCore = clientCore
        self.quiet = quiet
    }

    /// Measures all of it; `progress` gets a line now and then. A contender that fails at a shape is left out of the
    /// rest of that shape. No process that was started is left.
    public func run(progress: (String) -> Void) -> [ContestResult] {
        shapes.flatMap { shape in
            progress(shape.title)
            return measure(shape, progress)
        }
    }

    private func measure(_ shape: Shape, _ progress: (String) -> Void) -> [ContestResult] {
        var entries = contenders.filter { $0.takesPart(shape) }.map { Entry(result: ContestResult($0, shape)) }
        defer { for entry in entries { entry.server?.process.end() } }
        for index in entries.indices { entries[index].attempt(progress) { $0.server = try startServer(of: $0.result) } }
        for _ in 0..<repeats {
            for index in entries.indices {
                entries[index].attempt(progress) { entry in
                    guard let server = entry.server else { return }
                    entry.result.runs.append(try runUndisturbed(of: entry.result, server))
                }
            }
        }
        return entries.map(\.result)
    }

    private func startServer(of result: ContestResult) throws -> Server {
        var arguments = ["serve", "--method", result.contender.method, "--size", "\(result.shape.size)"]
        let socket = result.contender.usesSocket ? PeerSocket() : nil
        if let socket { arguments += ["--socket", socket.path] }
        let process = try PeerProcess(program: result.contender.program, arguments: arguments, core: serverCore)
        do {
            let line = try process.line(within: Self.patience)
            guard line.hasPrefix("ready ") else { throw PeerFailure("the server said \"\(line)\", not \"ready\"") }
            return Server(process: process, address: String(line.dropFirst("ready ".count)), socket: socket)
        } catch {
            process.end()
            throw error
        }
    }

    private func runUndisturbed(of result: ContestResult, _ server: Server) throws -> PeerMeasurement {
        var best = try runClient(of: result, server)
        guard let quiet else { return best }
        for _ in 1..<Self.mostAttempts where best.otherCores > quiet {
            let next = try runClient(of: result, server)
            if next.otherCores < best.otherCores { best = next }
        }
        return best
    }

    private func runClient(of result: ContestResult, _ server: Server) throws -> PeerMeasurement {
        let process = try PeerProcess(
            program: result.contender.program,
            arguments: [
                "run", "--method", result.contender.method, "--address", server.address,
                "--server", "\(server.process.id)", "--size", "\(result.shape.size)",
                "--in-flight", "\(result.shape.inFlight)", "--warm-up", "\(warmUp)", "--seconds", "\(seconds)",
            ],
            core: result.shape.sharesCore ? serverCore : clientCore)
        defer { process.end() }
        let line = try process.line(within: warmUp + seconds + Self.patience)
        try process.waitForSuccess()
        return try PeerMeasurement(line: line)
    }
}

/// What a contender has given at a shape.
public struct ContestResult: Sendable {
    /// Who was measured.
    public let contender: Contender
    /// At what.
    public let shape: Shape
    /// In the order in which they were made.
    public internal(set) var runs: [PeerMeasurement] = []
    /// Why there are fewer runs than there should be.
    public internal(set) var failure: String?

    init(_ contender: Contender, _ shape: Shape) {
        self.contender = contender
        self.shape = shape
    }
}

/// A server that listens.
private struct Server {
    let process: PeerProcess
    let address: String
    /// Removed with this.
    let socket: PeerSocket?
}

/// A path for a Unix socket, which is removed with this object.
private final class PeerSocket {
    let path: String

    init() {
        path = "/tmp/weaver-bench-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
    }

    deinit { unlink(path) }
}

/// A contender while a shape is measured.
private struct Entry {
    var result: ContestResult
    var server: Server?

    init(result: ContestResult) {
        self.result = result
    }

    /// Does `body` unless the contender has failed before; when it fails now, that is the end of its server.
    mutating func attempt(_ progress: (String) -> Void, _ body: (inout Entry) throws -> Void) {
        guard result.failure == nil else { return }
        do {
            try body(&self)
        } catch {
            result.failure = "\(error)"
            progress("\(result.contender.name) is left out of \(result.shape.title): \(error)")
            server?.process.end()
            server = nil
        }
    }
}
