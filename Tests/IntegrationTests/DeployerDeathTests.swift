import Foundation
import Testing

extension Integration {
    /// Nothing outlives its deployer, and nothing of a killed one stays in the way.
    @Suite(.serialized) struct DeployerDeathTests {
        @Test func evenASpinningReplicaEndsWithAKilledDeployer() async throws {
            let sandbox = try Sandbox()
            let unruly = try await Deployment(config: try sandbox.unrulyConfig(), in: sandbox)
            let port = unruly.port
            #expect(try unruly.connect().request("GET", "/").status == 200)
            // The answer never comes: the connection ends with the deployer.
            Thread.detachNewThread { _ = try? HTTPConnection(port: port).request("GET", "/spin") }
            let replicas = try #require(try await unruly.status()).replicas
            let pids = replicas.filter { $0.component == "UnrulyApp.Unruly" }.compactMap(\.pid)
            try await eventually("a replica that spins") { pids.contains(where: Self.isBusy) }

            try await unruly.end(by: SIGKILL)
            // Its processes have removed what it could not, before anybody looks.
            #expect(sandbox.leftBehind() == [])
            #expect(try await weaver("multi", "status", in: sandbox).output == "no deployment is running\n")
        }

        @Test func aStoppedReplicaAndAForkEndWithAKilledDeployer() async throws {
            let sandbox = try Sandbox()
            let unruly = try await Deployment(config: try sandbox.unrulyConfig(), in: sandbox)
            let fork = try #require(Int32(try unruly.connect().request("GET", "/fork").body))
            #expect(ProcessTable.isAlive(fork))
            let victim = try #require(try await unruly.pids(of: "main").first)
            // Longer than an idle thread of the pool lives: what was asked of the system by one of those is forgotten.
            try await Task.sleep(for: .seconds(7))
            kill(victim, SIGSTOP)
            try await unruly.end(by: SIGKILL)
            try await eventually("the end of the fork") { !ProcessTable.isAlive(fork) }
            #expect(sandbox.leftBehind() == [])
        }

        @Test func whatAllHaveLeftIsRemovedByTheNextDeployment() async throws {
            let sandbox = try Sandbox()
            let unruly = try await Deployment(config: try sandbox.unrulyConfig(), in: sandbox)
            let children = ProcessTable.children(of: unruly.deployer.pid)
            // Nobody is left to clean up.
            for child in children { kill(child, SIGSTOP) }
            for child in children { kill(child, SIGKILL) }
            try await unruly.end(by: SIGKILL)
            let next = try await Deployment(config: try sandbox.unrulyConfig(), in: sandbox)
            #expect(sandbox.leftBehind().filter { $0.hasSuffix(".json") }.count == 1)
            try await next.end(by: SIGINT)
            #expect(sandbox.leftBehind() == [])
        }

        @Test func aSpinningReplicaIsKilledWhenTheDeploymentIsInterrupted() async throws {
            let sandbox = try Sandbox()
            let unruly = try await Deployment(config: try sandbox.unrulyConfig(), in: sandbox)
            let port = unruly.port
            Thread.detachNewThread { _ = try? HTTPConnection(port: port).request("GET", "/spin") }
            let replicas = try #require(try await unruly.status()).replicas
            let pids = replicas.filter { $0.component == "UnrulyApp.Unruly" }.compactMap(\.pid)
            try await eventually("a replica that spins") { pids.contains(where: Self.isBusy) }
            let children = ProcessTable.children(of: unruly.deployer.pid)
            unruly.deployer.signal(SIGINT)
            #expect(try await unruly.deployer.exitCode(within: .seconds(60)) == 0)
            #expect(children.filter(ProcessTable.isAlive) == [])
            #expect(sandbox.leftBehind() == [])
        }

        @Test func aCrashTellsItsReasonAndTheReplicaComesBack() async throws {
            let sandbox = try Sandbox()
            let unruly = try await Deployment(config: try sandbox.unrulyConfig(), in: sandbox)
            let crash = try unruly.connect().request("GET", "/crash")
            #expect(crash.status == 500)
            try await eventually("a restart") {
                try await unruly.status()?.replicas.contains { $0.restarts == 1 && $0.state == "ready" } ?? false
            }
            #expect(unruly.deployer.output.contains("told to crash"))
            #expect(try unruly.connect().request("GET", "/").status == 200)
            try await unruly.end(by: SIGINT)
        }

        /// Whether the process has used the processor for longer than it could without spinning.
        private static func isBusy(_ pid: Int32) -> Bool {
            guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
                let end = text.lastIndex(of: ")")
            else { return false }
            let fields = text[text.index(after: end)...].split(separator: " ")
            // utime, field 14 of proc(5): ticks of 10 ms.
            return Int(fields[11]).map { $0 > 50 } ?? false
        }
    }
}
