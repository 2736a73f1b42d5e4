import Foundation
import Testing

extension Integration {
    /// What applications do that they should not: it stays their own matter.
    @Suite(.serialized) struct UnrulyTests {
        private let unruly = "UnrulyApp.Unruly"

        @Test func whatAReplicaHasStartedDiesWithIt() async throws {
            let sandbox = try Sandbox()
            let deployment = try await Deployment(config: try sandbox.unrulyConfig(), in: sandbox)
            let forks = try (0..<8).map { _ in
                try #require(Int32(try deployment.connect().request("GET", "/fork").body))
            }
            #expect(forks.allSatisfy(ProcessTable.isAlive))
            let victim = try #require(try await deployment.pids(of: unruly).first)
            let children = forks.filter { ProcessTable.group(of: $0) == victim }
            kill(victim, SIGKILL)
            try await eventually("the end of \(children)") { !children.contains(where: ProcessTable.isAlive) }
            try await deployment.recover(unruly, from: victim)
            try await deployment.end(by: SIGINT)
            #expect(forks.filter(ProcessTable.isAlive) == [])
        }

        @Test func aFloodAHugeLineAndAHugeLogEntryKillNobody() async throws {
            let sandbox = try Sandbox()
            let deployment = try await Deployment(config: try sandbox.unrulyConfig(), in: sandbox)
            for path in ["/flood", "/huge", "/log"] {
                #expect(try deployment.connect().request("GET", path).status == 200, "\(path)")
            }
            try await eventually("the last line of the flood") { deployment.deployer.output.contains("flood 199999") }
            try await eventually("the log entry") { deployment.deployer.output.contains("… (cut, ") }
            let replicas = try #require(try await deployment.status()).replicas
            #expect(replicas.allSatisfy { $0.restarts == 0 && $0.state == "ready" })
            try await deployment.end(by: SIGINT)
        }

        @Test func aReaderThatNeverReadsTheLogHoldsUpNothing() async throws {
            let sandbox = try Sandbox()
            let pager = Pipe()
            let deployer = try Program(
                Binaries.weaver, ["multi", "deploy", try sandbox.unrulyConfig()], in: sandbox, output: pager)
            let deployment = try await Deployment(by: deployer, in: sandbox)
            for _ in 0..<3 { #expect(try deployment.connect().request("GET", "/flood").status == 200) }
            #expect(try await deployment.status()?.replicas.allSatisfy { $0.state == "ready" } == true)
            #expect(try deployment.connect().request("GET", "/").status == 200)
            try await deployment.end(by: SIGINT)
            #expect(sandbox.leftBehind() == [])
            withExtendedLifetime(pager) {}
        }

        @Test func aReplicaThatKeepsFailingIsGivenUpVisiblyAndTheRestServes() async throws {
            let sandbox = try Sandbox()
            let config = try sandbox.unrulyConfig(extra: "[Stillborn]\nfails = true")
            let deployer = try Program(Binaries.weaver, ["multi", "deploy", config], in: sandbox)
            defer { deployer.signal(SIGKILL) }
            var status: Status?
            try await eventually(within: .seconds(60), "replicas that are given up") {
                let answer = try await weaver("multi", "status", "--json", in: sandbox)
                status = try? JSONDecoder().decode(StatusList.self, from: Data(answer.output.utf8)).deployments.first
                let states = status?.replicas.filter { $0.component == "UnrulyApp.Stillborn" }.map(\.state)
                return states == ["given up", "given up"]
            }
            #expect(try await weaver("multi", "status", in: sandbox).output.contains("given up"))
            #expect(deployer.output.contains("is given up: it failed 6 times in a row"))
            let listener = try #require(status?.listeners.first?.address.split(separator: ":").last)
            let http = try HTTPConnection(port: try #require(UInt16(listener)))
            #expect(try http.request("GET", "/").status == 200)
            let refused = try http.request("GET", "/stillborn").body
            #expect(refused.contains("every replica of UnrulyApp.Stillborn is given up"), "\(refused)")
            deployer.signal(SIGINT)
            #expect(try await deployer.exitCode() == 0)
        }

        @Test func aReplicaThatClosesItsPipeIsReplaced() async throws {
            let sandbox = try Sandbox()
            let deployment = try await Deployment(config: try sandbox.unrulyConfig(), in: sandbox)
            let before = try await deployment.pids(of: unruly)
            _ = try deployment.connect().request("GET", "/hang-up")
            try await eventually("another replica") {
                let now = try await deployment.pids(of: unruly)
                return now.count == 2 && Set(now) != Set(before)
            }
            #expect(try deployment.connect().request("GET", "/").status == 200)
            try await deployment.end(by: SIGINT)
        }

        @Test func aStoppedReplicaGetsNoWorkAndComesBackWhenItGoesOn() async throws {
            let sandbox = try Sandbox()
            let deployment = try await Deployment(config: try sandbox.unrulyConfig(), in: sandbox)
            let victim = try #require(try await deployment.pids(of: unruly).first)
            kill(victim, SIGSTOP)
            try await eventually("a replica that is unresponsive") {
                try await deployment.status()?.replicas.contains { $0.pid == victim && $0.state == "unresponsive" }
                    ?? false
            }
            for _ in 0..<20 { #expect(try deployment.connect().request("GET", "/").status == 200) }
            kill(victim, SIGCONT)
            try await eventually("the replica again") { try await deployment.pids(of: unruly).contains(victim) }
            try await deployment.end(by: SIGINT)
        }

        @Test func aLowLimitOfOpenFilesIsRaised() async throws {
            let sandbox = try Sandbox()
            let config = try sandbox.unrulyConfig()
            let deployer = try Program(
                "/bin/sh", ["-c", "ulimit -S -n 24; exec \"$0\" \"$@\"", Binaries.weaver, "multi", "deploy", config],
                in: sandbox)
            let deployment = try await Deployment(by: deployer, in: sandbox)
            #expect(try await deployment.status()?.replicas.allSatisfy { $0.restarts == 0 } == true)
            try await deployment.end(by: SIGINT)
        }

        @Test func aDeploymentThatHangsIsToldOfAndKeepsItsRegistration() async throws {
            let sandbox = try Sandbox()
            let deployment = try await Deployment(config: try sandbox.unrulyConfig(), in: sandbox)
            kill(deployment.deployer.pid, SIGSTOP)
            let hung = try await weaver("multi", "status", in: sandbox)
            kill(deployment.deployer.pid, SIGCONT)
            #expect(hung.code == 1)
            #expect(hung.errors.contains("does not answer") && hung.output.isEmpty, "\(hung)")
            #expect(try await weaver("multi", "status", in: sandbox).code == 0)
            try await deployment.end(by: SIGINT)
        }

        @Test func aConfigTypeThatTrapsOnInventedValuesCostsOnlyTheCheckOfItsKeys() async throws {
            let sandbox = try Sandbox()
            let config = try sandbox.unrulyConfig(extra: "[Stillborn]\nparts = 4")
            let deployment = try await Deployment(config: config, in: sandbox)
            #expect(try deployment.connect().request("GET", "/stillborn").body == "ok")
            try await deployment.end(by: SIGINT)
        }

        @Test func anInterruptedCheckOfTheConfigLeavesNoProcess() async throws {
            let sandbox = try Sandbox()
            let binary = try sandbox.write("#!/bin/sh\necho $$ > \(sandbox.folder)/pid\nsleep 1000\n", to: "app")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: binary)
            let config = try sandbox.write("[weaver]\nbinary = \"app\"\n", to: "weaver.toml")
            let deployer = try Program(Binaries.weaver, ["multi", "deploy", config], in: sandbox)
            var pid: Int32?
            try await eventually("the binary") {
                let text = try? String(contentsOfFile: "\(sandbox.folder)/pid", encoding: .utf8)
                pid = text.flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
                return pid != nil
            }
            let child = try #require(pid)
            deployer.signal(SIGINT)
            #expect(try await deployer.exitCode() == 128 + SIGINT)
            try await eventually("the end of the binary") { !ProcessTable.isAlive(child) }
            #expect(sandbox.leftBehind() == [])
        }
    }
}
