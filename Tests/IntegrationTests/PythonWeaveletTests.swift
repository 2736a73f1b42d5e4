import Foundation
import Testing

extension Integration {
    /// A weavelet that was written from docs/protocol.md and the .proto alone, in another language, and the real deployer.
    @Suite(.serialized, .enabled(if: Python.isNamed, Binaries.howToBuild)) struct PythonWeaveletTests {
        private func config(in sandbox: Sandbox, replicas: Int = 2) throws -> String {
            let program = try sandbox.write(
                """
                #!/bin/sh
                exec "\(Python.interpreter)" "\(Python.fixtures)/weavelet.py"
                """, to: "hello")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
            return try sandbox.write(
                """
                [weaver]
                name = "hello"
                binary = "hello"
                env = ["PYTHONPATH=\(Python.modules)"]

                [weaver.group.main]
                replicas = \(replicas)

                [multi.listeners.hello]
                address = "127.0.0.1:0"
                """, to: "weaver.toml")
        }

        @Test func itServesThroughTheProxyLogsAndEndsInOrder() async throws {
            let sandbox = try Sandbox()
            let deployment = try await Deployment(config: try config(in: sandbox), in: sandbox)
            var answers: Set<String> = []
            for _ in 0..<8 { answers.insert(try deployment.connect().request("GET", "/?name=fig").body) }
            #expect(answers.count == 2, "of both replicas: \(answers)")
            #expect(answers.allSatisfy { $0.hasPrefix("hello fig from python ") })
            try await eventually("the log entry") { deployment.deployer.output.contains(#"said hello name="fig""#) }
            try await deployment.end(by: SIGINT)
            #expect(sandbox.leftBehind() == [])
        }

        @Test func itIsReplacedWhenItIsKilledAndWhenItIsAskedToEnd() async throws {
            let sandbox = try Sandbox()
            let deployment = try await Deployment(config: try config(in: sandbox), in: sandbox)
            for signal in [SIGKILL, SIGTERM] {
                let victim = try #require(try await deployment.pids(of: "main").first)
                kill(victim, signal)
                for _ in 0..<20 { #expect(try deployment.connect().request("GET", "/").status == 200) }
                try await deployment.recover("main", from: victim)
            }
            try await deployment.end(by: SIGTERM)
        }

        @Test func anAnswerThatItHasBegunGoesOutWholeWhenItIsReplaced() async throws {
            let sandbox = try Sandbox()
            let deployment = try await Deployment(config: try config(in: sandbox, replicas: 1), in: sandbox)
            let client = try Program(
                Python.interpreter, ["\(Python.fixtures)/stream_clients.py", "parts", "\(deployment.port)"], in: sandbox
            )
            try await eventually("the first part") { client.output == "open\n" || !client.isRunning }
            let restart = try Program(Binaries.weaver, ["multi", "restart"], in: sandbox)
            try await eventually("the drain") { deployment.deployer.output.contains("draining") }
            _ = try sandbox.write("", to: "gate")
            #expect(try await client.exitCode() == 0, "\(client.output)\n\(client.errors)")
            #expect(try await restart.exitCode() == 0, "\(restart.output)\n\(restart.errors)")
            try await deployment.end(by: SIGINT)
        }

        @Test func itEndsAndTidiesUpWhenTheDeployerIsKilled() async throws {
            let sandbox = try Sandbox()
            let deployment = try await Deployment(config: try config(in: sandbox), in: sandbox)
            try await deployment.end(by: SIGKILL)
            try await eventually("tidiness: \(sandbox.leftBehind())") { sandbox.leftBehind() == [] }
        }
    }
}

/// The interpreter and what it needs, prepared before by `make test`, which names their folder in `WEAVER_PYTHON`.
enum Python {
    private static let folder = ProcessInfo.processInfo.environment["WEAVER_PYTHON"]

    /// Whether somebody has said where it is.
    static let isNamed = folder != nil
    static let interpreter = "\(modules)/bin/python"
    /// Where the messages of the pipe protocol are.
    static let modules = folder ?? ""
    /// Where the scripts are.
    static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures/Python")
        .standardized.path
}
