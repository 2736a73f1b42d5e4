import ArgumentParser
import WeaverCore
import WeaverLoop
import WeaverRuntime

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// `weaver callgraph <binary>`
struct CallgraphCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "callgraph",
        abstract: "Prints which components of a binary call which.",
        discussion: """
            The binary is asked; nothing of the application runs. Mermaid can
            be put into Markdown as it is; DOT is for Graphviz:

              weaver callgraph .build/release/Lemon --format dot | dot -Tsvg
            """)

    @Argument(help: "The application's binary.", completion: .file())
    var binary: String

    @Option(help: "mermaid or dot.")
    var format = CallGraph.Format.mermaid

    func run() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let descriptor = try await DescriptorProbe.describe(binary: binary, loop: loop)
        for problem in descriptor.problems {
            Terminal.put("weaver: \(binary) cannot run: \(problem)\n", to: STDERR_FILENO)
        }
        Terminal.put(CallGraph(descriptor).text(format), to: STDOUT_FILENO)
    }
}

extension CallGraph.Format: ExpressibleByArgument {}
