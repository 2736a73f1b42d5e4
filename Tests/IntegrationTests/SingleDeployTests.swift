import Foundation
import Testing

extension Integration {
    /// The lemon application as one process.
    @Suite(.serialized) struct SingleDeployTests {
        @Test func everyRouteWorksInOneProcess() async throws {
            let sandbox = try Sandbox()
            let port = try ListeningPort.free()
            let config = try sandbox.lemonConfig(listener: "127.0.0.1:\(port)")
            let lemon = try Program(Binaries.weaver, ["single", "deploy", config], in: sandbox)
            defer { lemon.signal(SIGKILL) }
            try await eventually("a listener: \(lemon.errors)") {
                guard lemon.isRunning else { throw DidNotHappen(description: "a start: \(lemon.errors)") }
                return (try? HTTPConnection(port: port)) != nil
            }
            try LemonScript.run(over: try HTTPConnection(port: port))
            lemon.signal(SIGINT)
            #expect(try await lemon.exitCode() == 0, "\(lemon.errors)")
            #expect(sandbox.leftBehind() == [])
        }

        @Test func everyRouteWorksInOneProcessWithSeveralLoops() async throws {
            let sandbox = try Sandbox()
            let port = try ListeningPort.free()
            let endpoint = try ListeningPort.free()
            let extra = "[single]\nloops = 2\nmetrics = \"127.0.0.1:\(endpoint)\""
            let config = try sandbox.lemonConfig(listener: "127.0.0.1:\(port)", extra: extra)
            let lemon = try Program(Binaries.weaver, ["single", "deploy", config], in: sandbox)
            defer { lemon.signal(SIGKILL) }
            try await eventually("a listener: \(lemon.errors)") {
                guard lemon.isRunning else { throw DidNotHappen(description: "a start: \(lemon.errors)") }
                return (try? HTTPConnection(port: port)) != nil
            }
            try LemonScript.run(over: try HTTPConnection(port: port))
            let errors = await onThreads(8) { _ in
                let http = try HTTPConnection(port: port)
                for _ in 0..<100 {
                    let status = try http.request("GET", "/product?id=1").status
                    guard status == 200 else { throw ConnectionError(description: "status \(status)") }
                }
            }
            #expect(errors.isEmpty, "\(errors)")
            let metrics = try HTTPConnection(port: endpoint).request("GET", "/metrics").body
            #expect(metrics.contains("component=\"Lemon.Products\""), "\(metrics)")
            lemon.signal(SIGINT)
            #expect(try await lemon.exitCode() == 0, "\(lemon.errors)")
            #expect(sandbox.leftBehind() == [])
        }

        @Test func aBinaryThatIsStartedInTheConfigsFolderListensWhereTheConfigSays() async throws {
            let sandbox = try Sandbox()
            let port = try ListeningPort.free()
            _ = try sandbox.lemonConfig(listener: "127.0.0.1:\(port)")
            let lemon = try Program(Binaries.lemon, [], in: sandbox)
            defer { lemon.signal(SIGKILL) }
            try await eventually("a listener: \(lemon.errors)") {
                guard lemon.isRunning else { throw DidNotHappen(description: "a start: \(lemon.errors)") }
                return (try? HTTPConnection(port: port)) != nil
            }
            #expect(try HTTPConnection(port: port).request("GET", "/product?id=1").body == "[]")
            lemon.signal(SIGTERM)
            #expect(try await lemon.exitCode() == 0, "\(lemon.errors)")
        }

        @Test func aMistakeInTheConfigIsFoundByABinaryThatIsStartedByItself() async throws {
            let sandbox = try Sandbox()
            let config = try sandbox.lemonConfig()
            let text = try String(contentsOfFile: config, encoding: .utf8)
            _ = try sandbox.write(text.replacingOccurrences(of: "database =", with: "databse ="), to: "weaver.toml")
            let lemon = try Program(Binaries.lemon, [], in: sandbox)
            #expect(try await lemon.exitCode() == 78)
            #expect(lemon.errors.contains("did you mean \"database\"?"), "\(lemon.errors)")
        }
    }
}
