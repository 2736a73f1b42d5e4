import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A program that a test has started, with its output in files of the test's sandbox.
final class Program: @unchecked Sendable {
    // @unchecked: Process is only used by the test that made it.
    private let process = Process()
    private let outputPath: String
    private let errorPath: String

    /// Starts a program; its standard output goes to `output` instead of a file when there is one.
    init(
        _ executable: String, _ arguments: [String], in sandbox: Sandbox, environment: [String: String] = [:],
        output: Pipe? = nil
    ) throws {
        let name = "\(sandbox.folder)/output-\(UInt32.random(in: 0 ... .max))"
        (outputPath, errorPath) = (name + ".out", name + ".err")
        for path in [outputPath, errorPath] {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: sandbox.folder)
        process.environment = sandbox.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let files = [outputPath, errorPath].map { FileHandle(forWritingAtPath: $0) }
        // They are the program's from its start on. Kept here, hundreds of programs would fill the list of descriptors that
        // Foundation reads at each start, and at about 1300 it reads past that list's end.
        defer { for file in files { try? file?.close() } }
        process.standardOutput = output ?? files[0] as Any
        process.standardError = files[1]
        try process.run()
    }

    /// The process id.
    var pid: Int32 { process.processIdentifier }
    /// Whether it has not ended yet.
    var isRunning: Bool { process.isRunning }
    /// What it has written to its standard output so far.
    var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }
    /// What it has written to its standard error so far.
    var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }

    /// Sends it a signal.
    func signal(_ number: Int32) {
        if isRunning { kill(pid, number) }
    }

    /// Waits for its end and gives its exit code, or 128 and the number of the signal that ended it.
    func exitCode(within bound: Duration = .seconds(30)) async throws -> Int32 {
        try await eventually(within: bound, "the end of \(process.executableURL?.lastPathComponent ?? "")") {
            !self.isRunning
        }
        return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    }
}

/// What a command of the command line has answered.
struct CommandResult {
    var code: Int32
    var output: String
    var errors: String
}

/// Runs `weaver` with these arguments to its end.
func weaver(_ arguments: String..., in sandbox: Sandbox) async throws -> CommandResult {
    let program = try Program(Binaries.weaver, arguments, in: sandbox)
    let code = try await program.exitCode()
    return CommandResult(code: code, output: program.output, errors: program.errors)
}

/// What did not happen in time.
struct DidNotHappen: Error, CustomStringConvertible {
    var description: String
}

/// Waits until `condition` holds, looking every few milliseconds.
func eventually(
    within bound: Duration = .seconds(30), _ what: @autoclosure () -> String, _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + bound
    while try await !condition() {
        if ContinuousClock.now > deadline { throw DidNotHappen(description: "\(what()): not within \(bound)") }
        try await Task.sleep(for: .milliseconds(20))
    }
}

/// Processes as the kernel knows them.
enum ProcessTable {
    /// Whether the process exists and is no zombie.
    static func isAlive(_ pid: Int32) -> Bool {
        guard let fields = stat(pid) else { return false }
        return fields.state != "Z" && fields.state != "X"
    }

    /// The living children of a process.
    static func children(of parent: Int32) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { stat($0)?.parent == parent && isAlive($0) }.sorted()
    }

    /// How many sockets a process has open.
    static func sockets(of pid: Int32) -> Int {
        let folder = "/proc/\(pid)/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.count { name in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)"))?.hasPrefix("socket:")
                == true
        }
    }

    /// The process group of a process.
    static func group(of pid: Int32) -> Int32 { getpgid(pid) }

    private static func stat(_ pid: Int32) -> (state: Substring, parent: Int32)? {
        // The command's name, in parentheses, may contain anything.
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 1, let parent = Int32(fields[1]) else { return nil }
        return (fields[0], parent)
    }
}
