import Foundation
import Testing

extension Integration {
    /// What an application streams, through the real proxy to real clients; see `Fixtures/Python/stream_clients.py`.
    @Suite(.serialized, .enabled(if: Python.isNamed, Binaries.howToBuild)) struct StreamTests {
        static let scripts = ["events", "broken", "slow", "upload", "tunnel", "websocket"]

        private func run(_ script: String, port: UInt16, in sandbox: Sandbox) async throws {
            let client = try Program(
                Python.interpreter, ["\(Python.fixtures)/stream_clients.py", script, "\(port)"], in: sandbox)
            let code = try await client.exitCode(within: .seconds(60))
            #expect(code == 0 && client.output == "\(script): done\n", "\(client.output)\n\(client.errors)")
        }

        @Test func aDeploymentStreamsBothWays() async throws {
            let sandbox = try Sandbox()
            let config = try sandbox.unrulyConfig(extra: "[weaver.group.main]\nreplicas = 1")
            let deployment = try await Deployment(config: config, in: sandbox)
            for script in Self.scripts { try await run(script, port: deployment.port, in: sandbox) }
            let farewell = try Program(
                Python.interpreter, ["\(Python.fixtures)/stream_clients.py", "farewell", "\(deployment.port)"],
                in: sandbox)
            try await eventually("a WebSocket that is open") { farewell.output == "open\n" || !farewell.isRunning }
            try await deployment.end(by: SIGINT)
            #expect(try await farewell.exitCode() == 0, "\(farewell.output)\n\(farewell.errors)")
        }

        @Test func whatDoesNotEndByItselfEndsInOrderWhenItsReplicaIsReplaced() async throws {
            let sandbox = try Sandbox()
            let config = try sandbox.unrulyConfig(extra: "[weaver.group.main]\nreplicas = 1")
            let deployment = try await Deployment(config: config, in: sandbox)
            let clients = try ["comeback", "farewell"].map { script in
                try Program(
                    Python.interpreter, ["\(Python.fixtures)/stream_clients.py", script, "\(deployment.port)"],
                    in: sandbox)
            }
            for client in clients {
                try await eventually("a client that listens") { client.output == "open\n" || !client.isRunning }
            }
            let restart = try await weaver("multi", "restart", "--component", "main", in: sandbox)
            #expect(restart.code == 0 && restart.output.contains("restarted 1 replica in"), "\(restart)")
            for client in clients {
                #expect(try await client.exitCode() == 0, "\(client.output)\n\(client.errors)")
            }
            #expect(!deployment.deployer.output.contains("still in flight"), "\(deployment.deployer.output)")
            try await deployment.end(by: SIGINT)
        }

        @Test func aProxyInFrontOfAnApplicationStreamsBothWays() async throws {
            let sandbox = try Sandbox()
            let port = try ListeningPort.free()
            _ = try sandbox.write("[single.listeners.door]\naddress = \"127.0.0.1:\(port)\"", to: "weaver.toml")
            let application = try Program(Binaries.unruly, [], in: sandbox)
            defer { application.signal(SIGKILL) }
            try await eventually("a listener: \(application.errors)") { (try? HTTPConnection(port: port)) != nil }
            let proxy = try await ProxyProgram(backends: [port], in: sandbox)
            for script in Self.scripts { try await run(script, port: proxy.port, in: sandbox) }
            let flags = ["--response-timeout", "1s", "--idle-timeout", "1s"]
            let impatient = try await ProxyProgram(backends: [port], flags, in: sandbox)
            try await run("silence", port: impatient.port, in: sandbox)
            application.signal(SIGTERM)
            #expect(try await application.exitCode() == 0, "\(application.errors)")
        }
    }
}
