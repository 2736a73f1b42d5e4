import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A process of a peer: started on one core, read from with a bound, and ended whatever it does.
public final class PeerProcess {
    /// How long a process may take to end once it is asked to, in seconds; it is killed then.
    private static let patience = 2.0

    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    /// A file without a name: a pipe that nobody reads would stop a peer that says much.
    private let errors: FileHandle
    private var unread: [UInt8] = []

    /// Starts the program. Its threads run on `core` only, from the first; on any where that is nil.
    public init(program: String, arguments: [String], core: Int32?) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "peer-\(UUID().uuidString)")
        guard FileManager.default.createFile(atPath: file.path, contents: nil) else {
            throw PeerFailure("no file at \(file.path)")
        }
        errors = try FileHandle(forUpdating: file)
        try FileManager.default.removeItem(at: file)
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = output
        process.standardError = errors
        try Affinity.onCore(core) { try process.run() }
        // With our copy of its end the peer's end would not be seen.
        try? output.fileHandleForWriting.close()
    }

    /// The process id.
    public var id: Int32 { process.processIdentifier }

    /// The next line that the process prints, without its end; throws when there is none within so many seconds.
    public func line(within seconds: Double) throws -> String {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                defer { unread.removeSubrange(...end) }
                return String(decoding: unread[..<end], as: UTF8.self)
            }
            let left = max(0, (deadline - ContinuousClock.now) / .milliseconds(1))
            var descriptor = pollfd(
                fd: output.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&descriptor, 1, Int32(left))
            if ready < 0 && errno == EINTR { continue }
            guard ready > 0 else { throw PeerFailure("no answer within \(seconds) s") }
            let bytes = output.fileHandleForReading.availableData
            guard !bytes.isEmpty else { throw PeerFailure(ending()) }
            unread += bytes
        }
    }

    /// Closes the process's standard input, sends it `signal` where it does not end with that, and waits for its end;
    /// kills it when it takes too long.
    public func end(by signal: Int32? = nil) {
        if let signal, process.isRunning { kill(id, signal) }
        try? input.fileHandleForWriting.close()
        if !hasEnded(within: Self.patience) { kill(id, SIGKILL) }
        process.waitUntilExit()
    }

    /// Waits for the process's end, which it comes to by itself; throws when that is none of success.
    public func waitForSuccess() throws {
        let text = ending()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else { throw PeerFailure(text) }
    }

    /// How the process has ended, and the last it has said on standard error.
    public func ending() -> String {
        end()
        try? errors.seek(toOffset: 0)
        let said = String(decoding: (try? errors.readToEnd()) ?? Data(), as: UTF8.self)
        let last = said.split(separator: "\n").last.map { ": \($0)" } ?? ""
        let how = process.terminationReason == .exit ? "ended with code" : "ended by signal"
        return "\(how) \(process.terminationStatus)\(last)"
    }

    private func hasEnded(within seconds: Double) -> Bool {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while process.isRunning {
            if ContinuousClock.now > deadline { return false }
            usleep(1000)
        }
        return true
    }
}
