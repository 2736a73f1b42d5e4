import Foundation
import Testing

extension Integration {
    /// What people get wrong is one clear line, before anything starts.
    @Suite(.serialized) struct MistakeTests {
        @Test(arguments: [
            (["--bogus"], "Usage: weaver"), (["multi", "deploy", "--bogus", "x.toml"], "Usage: weaver multi deploy"),
            (["multi", "deploy"], "Usage: weaver multi deploy"), (["statsu"], "did you mean \"multi status\"?"),
            (["multi", "statsu"], "did you mean \"status\"?"),
        ])
        func wrongArgumentsExitWith64AndTheUsage(arguments: [String], hint: String) async throws {
            let sandbox = try Sandbox()
            let program = try Program(Binaries.weaver, arguments, in: sandbox)
            #expect(try await program.exitCode() == 64)
            #expect(program.errors.contains(hint) && program.errors.contains("Usage: "), "\(program.errors)")
            #expect(program.output.isEmpty)
        }

        @Test(arguments: ["multi", "single"])
        func aMistakeInTheConfigIsOneLineWithTheNearestName(deployer: String) async throws {
            let sandbox = try Sandbox()
            let config = try sandbox.lemonConfig(extra: "replcas = 2\n")
            let result = try await weaver(deployer, "deploy", config, in: sandbox)
            #expect(result.code == 1)
            #expect(result.errors.hasPrefix("weaver: \(config):4: "), "\(result.errors)")
            #expect(result.errors.contains("\"replicas\""), "\(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
            #expect(sandbox.leftBehind() == [])
        }

        @Test func anUnknownComponentIsFoundByAskingTheBinary() async throws {
            let sandbox = try Sandbox()
            let config = try sandbox.lemonConfig(extra: "colocate = [[\"main\", \"Catgories\"]]\n")
            let result = try await weaver("multi", "deploy", config, in: sandbox)
            #expect(result.code == 1)
            #expect(result.errors.hasPrefix("weaver: \(config):4: "), "\(result.errors)")
            #expect(result.errors.contains("Categories"), "\(result.errors)")
        }

        @Test(arguments: ["multi", "single"])
        func aValueOfAnotherTypeIsFoundByTheBinary(deployer: String) async throws {
            let sandbox = try Sandbox()
            let config = try sandbox.lemonConfig()
            let text = try String(contentsOfFile: config, encoding: .utf8)
            let line = try #require(
                text.split(separator: "\n", omittingEmptySubsequences: false).lastIndex { $0.hasPrefix("database") })
            let quoted = "\"\(sandbox.folder)/lemon.db\""
            _ = try sandbox.write(text.replacingOccurrences(of: quoted, with: "7"), to: "weaver.toml")
            let result = try await weaver(deployer, "deploy", config, in: sandbox)
            #expect(result.code == 1)
            #expect(result.errors.hasPrefix("weaver: \(config):\(line + 1): [Lemon."), "\(result.errors)")
            #expect(result.errors.contains("'database' is of another type"), "\(result.errors)")
        }

        @Test func aConfigThatIsNotThereIsSaid() async throws {
            let sandbox = try Sandbox()
            let result = try await weaver("multi", "deploy", "nowhere.toml", in: sandbox)
            #expect(result.code == 1 && result.errors.hasPrefix("weaver: nowhere.toml: "), "\(result.errors)")
        }

        @Test func anAddressInUseEndsTheDeployment() async throws {
            let sandbox = try Sandbox()
            let taken = try ListeningPort()
            defer { taken.close() }
            let config = try sandbox.lemonConfig(listener: "127.0.0.1:\(taken.port)")
            let program = try Program(Binaries.weaver, ["multi", "deploy", config], in: sandbox)
            #expect(try await program.exitCode() != 0)
            #expect((program.output + program.errors).contains("127.0.0.1:\(taken.port) is in use"))
            #expect(ProcessTable.children(of: program.pid) == [])
            #expect(sandbox.leftBehind() == [])
        }

        /// Its last words are written by a thread that the exit could overtake: many runs show whether it does.
        @Test func aSingleProcessAlwaysSaysWhyItEnds() async throws {
            let sandbox = try Sandbox()
            let taken = try ListeningPort()
            defer { taken.close() }
            let config = try sandbox.lemonConfig(listener: "127.0.0.1:\(taken.port)")
            for _ in 0..<20 {
                let result = try await weaver("single", "deploy", config, in: sandbox)
                #expect(result.code != 0)
                #expect(result.errors.contains("127.0.0.1:\(taken.port) of the listener"), "\(result)")
            }
        }

        @Test func theVersionIsALine() async throws {
            let result = try await weaver("version", in: try Sandbox())
            #expect(result.code == 0 && result.output.hasPrefix("weaver ") && result.output.hasSuffix("\n"))
        }
    }
}
