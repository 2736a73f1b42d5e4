import Foundation
import Testing

extension Integration {
    /// The commands that start nothing.
    @Suite(.serialized) struct DailyLifeTests {
        @Test func checkSaysWhatADeploymentWouldConsistOf() async throws {
            let sandbox = try Sandbox()
            let result = try await weaver("check", try sandbox.lemonConfig(), in: sandbox)
            #expect(result.code == 0, "\(result.errors)")
            #expect(result.output.hasPrefix("lemon: the config fits \(Binaries.lemon); 8 processes\n"))
            #expect(result.output.contains("│ main ") && result.output.contains("(routed)"), "\(result.output)")
            #expect(result.output.contains("│ lemon    │ 127.0.0.1:0 │"), "\(result.output)")
            #expect(sandbox.leftBehind() == [])
        }

        @Test func checkFindsWhatDeployWouldFind() async throws {
            let sandbox = try Sandbox()
            let config = try sandbox.lemonConfig(extra: "replcas = 2\n")
            let result = try await weaver("check", config, in: sandbox)
            let deployed = try await weaver("multi", "deploy", config, in: sandbox)
            #expect(result.code == 1 && result.errors == deployed.errors && !result.errors.isEmpty)
        }

        @Test(arguments: [("mermaid", "flowchart TD\n"), ("dot", "digraph components {\n")])
        func callgraphAsksTheBinary(format: String, beginning: String) async throws {
            let sandbox = try Sandbox()
            let result = try await weaver("callgraph", Binaries.lemon, "--format", format, in: sandbox)
            #expect(result.code == 0 && result.output.hasPrefix(beginning), "\(result.output) \(result.errors)")
            #expect(result.output.contains("main") && result.output.contains("CategoryCache"), "\(result.output)")
        }

        @Test(arguments: ["/nowhere/Lemon", "/bin/ls"])
        func callgraphOfWhatIsNoApplicationIsALine(binary: String) async throws {
            let sandbox = try Sandbox()
            let result = try await weaver("callgraph", binary, in: sandbox)
            #expect(result.code == 1 && result.errors.contains(binary), "\(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        }
    }
}
