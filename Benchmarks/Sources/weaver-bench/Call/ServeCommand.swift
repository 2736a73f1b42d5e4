import ArgumentParser
import Foundation
@_spi(Benchmarks) import WeaverRuntime

/// The server's side of `call`: the benchmark starts itself with this command.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "serve", shouldDisplay: false)

    /// Prints the address and serves until standard input ends, which it does with the process that started this one.
    func run() async throws {
        let weavelet = try BenchmarkWeavelet(secret: ServerProcess.secret)
        let address = try await weavelet.serve()
        try FileHandle.standardOutput.write(contentsOf: Data("\(address)\n".utf8))
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                while !FileHandle.standardInput.availableData.isEmpty {}
                continuation.resume()
            }
        }
        await weavelet.close()
    }
}
