import Foundation

/// The process that answers the calls: this executable once more.
final class ServerProcess {
    /// Nothing is secret between the two processes; it only has to be the same.
    static let secret = [UInt8](repeating: 0x5a, count: 32)

    /// Where the server listens.
    let address: String
    private let process = Process()
    private let input = Pipe()

    /// Starts a server and waits until it listens.
    init() throws {
        let output = Pipe()
        process.executableURL = URL(
            filePath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        process.arguments = ["serve"]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        // The address is written at once, and is shorter than a pipe's atomic write.
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard line.last == "\n" else { throw BenchmarkError("the server did not start") }
        address = String(line.dropLast())
    }

    /// The server's process id.
    var pid: Int32 { process.processIdentifier }

    /// Ends the server.
    func end() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
