import Foundation
import Testing

extension Integration {
    /// The proxy knows its backends: what happens to them is not seen by clients.
    @Suite(.serialized) struct BackendTests {
        /// A lemon application with one category.
        private func lemon(_ sandbox: Sandbox, extra: String = "") async throws -> Deployment {
            let lemon = try await Deployment(config: try sandbox.lemonConfig(extra: extra), in: sandbox)
            #expect(try lemon.connect().request("POST", "/category", #"{"id": 1, "name": "Fruit"}"#).status == 201)
            return lemon
        }

        @Test(arguments: [["main"], ["Lemon.Categories", "Lemon.CategoryCache"]])
        func tenKillsOfReplicasUnderLoadFailNoRequest(components: [String]) async throws {
            let sandbox = try Sandbox()
            let lemon = try await lemon(sandbox)
            let load = try Load("/category?id=1", port: lemon.port, in: sandbox)
            for kill in 0..<10 {
                let component = components[kill % components.count]
                // The same one six times, each soon after its start, would be given up as one that keeps failing.
                let victim = try #require(try await lemon.oldest(component))
                Foundation.kill(victim, SIGKILL)
                try await lemon.recover(component, from: victim)
            }
            let outcome = try await load.end()
            #expect(outcome.refused == 0 && outcome.broken == 0, "\(outcome)\n\(lemon.deployer.output.suffix(4000))")
            try await lemon.end(by: SIGINT)
        }

        @Test func aRollingRestartUnderLoadFailsNoRequestAndPostsRunOnce() async throws {
            let sandbox = try Sandbox()
            let lemon = try await lemon(sandbox)
            let before = try #require(try await lemon.status()).replicas.compactMap(\.pid)
            let load = try Load("/category?id=1", port: lemon.port, in: sandbox)
            let posts = Posts(threads: 8, port: lemon.port)
            let restart = try await weaver("multi", "restart", in: sandbox)
            #expect(restart.code == 0, "\(restart)")
            #expect(
                restart.output.hasPrefix("restarting 8 replicas") && restart.output.contains("restarted 8 replicas"))
            let outcome = try await load.end()
            #expect(outcome.refused == 0 && outcome.broken == 0, "\(outcome)\n\(lemon.deployer.output.suffix(4000))")
            // One that had run twice would have been answered with 409: its id is taken.
            let (ids, errors) = await posts.end()
            #expect(errors.isEmpty && !ids.isEmpty, "\(errors)")
            let http = try lemon.connect()
            for id in ids {
                let found = try http.request("GET", "/category?id=\(id)")
                #expect(found.status == 200 && found.body.contains("\"\(id)\""), "\(id): \(found)")
            }
            let after = try #require(try await lemon.status()).replicas
            #expect(after.count == 8 && after.allSatisfy { $0.state == "ready" && $0.restarts == 0 })
            #expect(Set(before).isDisjoint(with: after.compactMap(\.pid)))
            try await lemon.end(by: SIGINT)
            #expect(sandbox.leftBehind() == [])
        }

        @Test func aRestartOfOneComponentLeavesTheOthersAloneAndAMistakeIsToldByItsNearestName() async throws {
            let sandbox = try Sandbox()
            let lemon = try await lemon(sandbox, extra: "replicas = 1\n")
            let main = try await lemon.pids(of: "main")
            let products = try await lemon.pids(of: "Lemon.Products")
            let wrong = try await weaver("multi", "restart", "--component", "Prodcts", in: sandbox)
            #expect(wrong.code == 1)
            #expect(wrong.errors == "weaver: unknown component \"Prodcts\"; did you mean \"Products\"?\n")
            let restart = try await weaver("multi", "restart", "--component", "Products", in: sandbox)
            #expect(restart.code == 0 && restart.output.contains("restarted 1 replica in"), "\(restart)")
            #expect(try await lemon.pids(of: "main") == main)
            let now = try await lemon.pids(of: "Lemon.Products")
            #expect(now.count == 1 && now != products)
            try await lemon.end(by: SIGINT)
        }

        @Test func aNewProcessThatFailsEndsTheRestartWithTheOldOnesServing() async throws {
            let sandbox = try Sandbox()
            let unruly = try await Deployment(config: try sandbox.unrulyConfig(), in: sandbox)
            let before = try #require(try await unruly.status()).replicas.compactMap(\.pid)
            _ = try sandbox.write("", to: "spoiled")
            let restart = try await weaver("multi", "restart", "--component", "Stillborn", in: sandbox)
            #expect(restart.code == 1)
            #expect(restart.errors.contains("the new process of UnrulyApp.Stillborn 1 of 2 fails"), "\(restart)")
            #expect(restart.errors.contains("0 of 2 replicas are replaced, and the old ones serve on"), "\(restart)")
            let after = try #require(try await unruly.status()).replicas
            #expect(after.compactMap(\.pid) == before && after.allSatisfy { $0.state == "ready" })
            #expect(try unruly.connect().request("GET", "/stillborn").body == "ok")
            try await unruly.end(by: SIGINT)
        }

        @Test func whenEveryReplicaIsKilledRequestsWaitForTheNext() async throws {
            let sandbox = try Sandbox()
            let unruly = try await Deployment(config: try sandbox.unrulyConfig(), in: sandbox)
            let victims = try #require(try await unruly.status()).replicas.filter { $0.component == "main" }
            for victim in victims.compactMap(\.pid) { kill(victim, SIGKILL) }
            // A request that comes before the deployer has heard of it is answered with 502: each replica was tried.
            try await eventually("the deployer knows") {
                let pids = try #require(try await unruly.status()).replicas.map(\.pid)
                return victims.allSatisfy { !pids.contains($0.pid) }
            }
            #expect(try unruly.connect().request("GET", "/").status == 200)
            try await unruly.end(by: SIGINT)
        }

        @Test func whenNoReplicaAnswersRequestsAreToldToComeBack() async throws {
            let sandbox = try Sandbox()
            let unruly = try await Deployment(config: try sandbox.unrulyConfig(), in: sandbox)
            let stopped = try await unruly.pids(of: "main")
            for pid in stopped { kill(pid, SIGSTOP) }
            try await eventually("no backend") { try await unruly.status()?.listeners.first?.backends == 0 }
            let answer = try unruly.connect().request("GET", "/")
            #expect(answer.status == 503 && answer.headers["retry-after"] == "1", "\(answer)")
            for pid in stopped { kill(pid, SIGCONT) }
            #expect(try unruly.connect().request("GET", "/").status == 200)
            #expect(try await unruly.status()?.replicas.allSatisfy { $0.restarts == 0 } == true)
            try await unruly.end(by: SIGINT)
        }
    }
}
