import Foundation
import Testing

extension Integration {
    /// The proxy of a deployment: set by the config, seen by the status and in the log.
    @Suite(.serialized) struct ProxyOperationTests {
        @Test func theStatusShowsWhatEachBackendHasDone() async throws {
            let sandbox = try Sandbox()
            let deployment = try await Deployment(config: try sandbox.unrulyConfig(), in: sandbox)
            let http = try deployment.connect()
            for _ in 0..<20 { #expect(try http.request("GET", "/").status == 200) }
            let proxy = try #require(try await deployment.status()?.proxies?.first)
            #expect(proxy.listener == "door" && proxy.address == "127.0.0.1:\(deployment.port)")
            #expect(proxy.connections == 1 && proxy.waiting == 0)
            #expect(proxy.requests == 20 && proxy.failures == 0 && proxy.inFlight == 0)
            #expect(try #require(proxy.p50) > 0 && proxy.p50 ?? 0 <= proxy.p99 ?? 0)
            #expect(proxy.backends.map(\.requests).reduce(0, +) == 20)
            #expect(proxy.backends.allSatisfy { $0.state == "ready" && $0.requests == 10 && $0.failures == 0 })
            #expect(try await proxy.backends.compactMap(\.pid).sorted() == deployment.pids(of: "main").sorted())
            let plain = try await weaver("multi", "status", in: sandbox)
            #expect(!plain.output.contains("BACKENDS"))
            let table = try await weaver("multi", "status", "--backends", in: sandbox).output
            #expect(table.contains("│ BACKENDS") && table.contains("│ (all)"))
            for backend in proxy.backends { #expect(table.contains("│ \(backend.address) ")) }
            try await deployment.end(by: SIGINT)
        }

        @Test func theConfigSetsLimitsAndTheLogOfAListener() async throws {
            let sandbox = try Sandbox()
            let log = "\(sandbox.folder)/access.log"
            let extra = """
                max_body = "4"

                [multi.proxy]
                max_body = "1MiB"
                access_log = "json"
                access_log_file = "\(log)"
                """
            let deployment = try await Deployment(config: try sandbox.unrulyConfig(extra: extra), in: sandbox)
            #expect(try deployment.connect().request("POST", "/", "four").status == 200)
            #expect(try deployment.connect().request("POST", "/five", "five!").status == 413)
            try await deployment.end(by: SIGINT)
            let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
            let entries = try lines.map { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
            #expect(entries.map { $0?["status"] as? Int } == [200, 413])
            #expect(entries.map { $0?["target"] as? String } == ["/", "/five"])
        }

        @Test func withoutAFileTheLogIsTheDeployersOwn() async throws {
            let sandbox = try Sandbox()
            let extra = "access_log = \"combined\"\n"
            let deployment = try await Deployment(config: try sandbox.unrulyConfig(extra: extra), in: sandbox)
            #expect(try deployment.connect().request("GET", "/quiet").status == 200)
            try await eventually("the line") { deployment.deployer.output.contains("\"GET /quiet HTTP/1.1\" 200 ") }
            try await deployment.end(by: SIGINT)
        }

        @Test func aLogThatCannotBeOpenedIsSaidBeforeAnythingStarts() async throws {
            let sandbox = try Sandbox()
            let file = "\(sandbox.folder)/nowhere/access.log"
            let extra = "access_log = \"json\"\naccess_log_file = \"\(file)\"\n"
            let result = try await weaver("multi", "deploy", try sandbox.unrulyConfig(extra: extra), in: sandbox)
            #expect(result.code == 1)
            #expect(result.errors == "weaver: the access log \(file) cannot be opened: No such file or directory\n")
            #expect(sandbox.leftBehind() == [])
        }
    }
}
