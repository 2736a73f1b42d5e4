import Foundation
import Testing

extension Integration {
    /// The lemon application as eight processes.
    @Suite(.serialized) struct MultiDeployTests {
        private let components = ["Lemon.Categories", "Lemon.CategoryCache", "Lemon.Products", "main"]

        @Test func everyRouteWorksThroughTheProxyAndNothingIsLeftBehind() async throws {
            let sandbox = try Sandbox()
            let lemon = try await Deployment(config: try sandbox.lemonConfig(), in: sandbox)
            try LemonScript.run(over: try lemon.connect())
            try await checkStatus(of: lemon)
            #expect(lemon.deployer.output.contains("│ app        : lemon"))
            try await lemon.end(by: SIGINT)
            #expect(sandbox.leftBehind() == [])
            let after = try await weaver("multi", "status", in: sandbox)
            #expect(after.output == "no deployment is running\n")
        }

        private func checkStatus(of lemon: Deployment) async throws {
            let status = try #require(try await lemon.status())
            #expect(status.app == "lemon" && status.pid == lemon.deployer.pid && status.age > 0)
            let sockets = "unix:\(lemon.sandbox.folder)/run/weaver-"
            #expect(status.replicas.allSatisfy { $0.restarts == 0 && $0.address?.hasPrefix(sockets) == true })
            let pids = status.replicas.compactMap(\.pid).sorted()
            #expect(pids.count == 8 && pids == ProcessTable.children(of: lemon.deployer.pid))

            let table = try await weaver("multi", "status", in: lemon.sandbox).output
            for component in components {
                let pids = status.replicas.filter { $0.component == component }.compactMap(\.pid).sorted()
                let cells = "│ lemon │ \(status.deployment.prefix(8))   │ \(component)"
                #expect(table.contains(cells), "\(table)")
                #expect(pids.count == 2 && table.contains("│ \(pids[0]), \(pids[1])"), "\(table)")
            }
            #expect(table.contains("│ lemon    │ 127.0.0.1:\(lemon.port)"), "\(table)")
        }

        @Test func aKilledReplicaOfEachKindIsReplacedWhileTheRestServes() async throws {
            let sandbox = try Sandbox()
            let lemon = try await Deployment(config: try sandbox.lemonConfig(), in: sandbox)
            let http = try lemon.connect()
            for id in 1...8 {
                #expect(try http.request("POST", "/category", #"{"id": \#(id), "name": "old"}"#).status == 201)
            }
            let fig = try http.request("POST", "/product", #"{"name": "Fig", "price": 1, "category_id": 1}"#)
            #expect(fig.status == 201)
            for component in components {
                let before = try await lemon.pids(of: component)
                let victim = try #require(before.first)
                kill(victim, SIGKILL)
                // Reads go on at once, and find everything; the connection of the killed `main` is the proxy's matter.
                for id in 1...8 {
                    let found = try lemon.connect().request("GET", "/category?id=\(id)")
                    #expect(found.status == 200, "\(component): \(found)")
                }
                for _ in 1...8 {
                    let found = try lemon.connect().request("GET", "/product?id=1")
                    #expect(found.status == 200 && found.body.contains("Fig"), "\(component): \(found)")
                }
                // What is written now is served later by the process that does not exist yet.
                for id in 1...8 {
                    let name = "after the death of \(component) \(id)"
                    let put = try lemon.connect().request(
                        "PUT", "/category?id=\(id)", #"{"id": \#(id), "name": "\#(name)"}"#)
                    #expect(put.status == 200, "\(component): \(put)")
                }
                try await lemon.recover(component, from: victim)
                for id in 1...8 {
                    let found = try lemon.connect().request("GET", "/category?id=\(id)")
                    #expect(found.body.contains("after the death of \(component) \(id)"), "\(component): \(found)")
                    #expect(found.headers["x-cache"] == "hit", "\(component): \(found)")
                }
                for id in 1...8 {
                    let name = "\(component) \(id)"
                    let put = try lemon.connect().request(
                        "PUT", "/category?id=\(id)", #"{"id": \#(id), "name": "\#(name)"}"#)
                    #expect(put.status == 200, "\(component): \(put)")
                    let found = try lemon.connect().request("GET", "/category?id=\(id)")
                    #expect(found.body.contains(name) && found.headers["x-cache"] == "hit", "\(component): \(found)")
                }
            }
            let status = try #require(try await lemon.status())
            #expect(status.replicas.map(\.restarts).reduce(0, +) == 4)
            try await lemon.end(by: SIGTERM)
            #expect(sandbox.leftBehind() == [])
        }

        @Test func whatIsWrittenWithTheFirstRequestsOfADeploymentIsFoundInTheCache() async throws {
            for round in 1...3 {
                let sandbox = try Sandbox()
                let port = try ListeningPort.free()
                let config = try sandbox.lemonConfig(listener: "127.0.0.1:\(port)")
                let deployer = try Program(Binaries.weaver, ["multi", "deploy", config], in: sandbox)
                defer { deployer.signal(SIGKILL) }
                try await eventually("a proxy") { (try? HTTPConnection(port: port)) != nil }
                // From the first request on that is answered at all, while replicas are still coming up.
                for id in 1...16 {
                    let created = try HTTPConnection(port: port).request(
                        "POST", "/category", #"{"id": \#(id), "name": "early"}"#)
                    #expect(created.status == 201, "round \(round): \(created)")
                    for earlier in 1...id {
                        let found = try HTTPConnection(port: port).request("GET", "/category?id=\(earlier)")
                        #expect(found.headers["x-cache"] == "hit", "round \(round), \(earlier) of \(id): \(found)")
                    }
                }
                deployer.signal(SIGINT)
                #expect(try await deployer.exitCode() == 0)
            }
        }

        @Test func colocatedComponentsShareProcessesAndAGroupHasItsOwnNumberOfThem() async throws {
            let sandbox = try Sandbox()
            let extra = """
                colocate = [["main", "Categories"]]
                [weaver.group.CategoryCache]
                replicas = 3
                """
            let lemon = try await Deployment(config: try sandbox.lemonConfig(extra: extra), in: sandbox)
            try LemonScript.run(over: try lemon.connect())
            let replicas = try #require(try await lemon.status()).replicas
            let groups = Dictionary(grouping: replicas, by: \.component).mapValues(\.count)
            #expect(groups == ["main": 2, "Lemon.CategoryCache": 3, "Lemon.Products": 2])
            #expect(ProcessTable.children(of: lemon.deployer.pid).count == 7)
            let table = try await weaver("multi", "status", in: sandbox).output
            #expect(table.contains("Lemon.Categories"), "\(table)")
            try await lemon.end(by: SIGINT)
            #expect(sandbox.leftBehind() == [])
        }

        @Test func tenThousandRequestsInARowAndTwentyThousandInParallelDoNotFail() async throws {
            let sandbox = try Sandbox()
            let lemon = try await Deployment(config: try sandbox.lemonConfig(), in: sandbox)
            let http = try lemon.connect()
            #expect(try http.request("POST", "/category", #"{"id": 1, "name": "Fruit"}"#).status == 201)
            var failures = 0
            for _ in 0..<10_000 where try http.request("GET", "/category?id=1").status != 200 { failures += 1 }
            #expect(failures == 0)
            let port = lemon.port
            let errors = await onThreads(200) { _ in
                let http = try HTTPConnection(port: port)
                for _ in 0..<100 {
                    let answer = try http.request("GET", "/category?id=1")
                    if answer.status != 200 { throw ConnectionError(description: "\(answer)") }
                }
            }
            #expect(errors.map { "\($0)" } == [])
            try await lemon.end(by: SIGTERM)
        }

        @Test func stopEndsADeploymentByItsID() async throws {
            let sandbox = try Sandbox()
            let lemon = try await Deployment(config: try sandbox.lemonConfig(), in: sandbox)
            let id = try #require(try await lemon.status()).deployment
            let wrong = try await weaver("multi", "stop", "no-such-id", in: sandbox)
            #expect(wrong.code == 1 && wrong.errors.hasPrefix("weaver: "))
            let stopped = try await weaver("multi", "stop", String(id.prefix(8)), in: sandbox)
            #expect(stopped.code == 0, "\(stopped.errors)")
            #expect(try await lemon.deployer.exitCode() == 0)
            #expect(sandbox.leftBehind() == [])
        }
    }
}
