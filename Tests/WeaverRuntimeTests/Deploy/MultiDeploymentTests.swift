import Foundation
import Synchronization
import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A whole deployment of shell scripts that play the weavelet: they describe themselves, report an address and say that
/// their components have started, whatever they are told, and exit when their pipe closes.
@Suite(.timeLimit(.minutes(2)), .serialized)
struct MultiDeploymentTests {
    /// The folder of one test, with a script, the bytes that it says, and a config.
    private final class Stage {
        let folder: String
        var config: String { folder + "/weaver.toml" }
        var environment: [String: String] {
            ["PATH": "/usr/bin:/bin", "XDG_DATA_HOME": folder + "/data", "XDG_RUNTIME_DIR": folder, "KEPT": "own"]
        }

        init(
            script: String, config: String = "[weaver]\nname = \"stage\"\nbinary = \"app\"\n", isRouted: Bool = false
        ) throws {
            folder = "/tmp/weaver-test-" + UUID().uuidString.prefix(8)
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let descriptor = AppDescriptor(
                version: "build-1",
                components: [
                    .init(name: "main", implementation: "App", location: "a.swift:1", isRouted: isRouted)
                ])
            try write(DescriptorCodec.encode(descriptor), to: "descriptor")
            let info = WeaveletInfo(
                protocolVersion: 1, address: "127.0.0.1:9", processID: 1, version: "build-1")
            try write(Self.frame(-1, .info(info)) + Self.frame(-2, .done), to: "answers")
            try write(Self.frame(0, .log([], dropped: 0)), to: "beat")
            // The third request is the first for the load.
            let report = LoadReport(component: "main", version: 1, seconds: .nan, slices: [])
            try write(Self.frame(-3, .load([report])), to: "load")
            try write([UInt8]("#!/bin/sh\ncd \(folder)\n\(script)\n".utf8), to: "script")
            // Written by another process: a child that some other test forks meanwhile would hold the file open for
            // writing, and what is being written cannot be executed.
            let copy = try Process.run(
                URL(filePath: "/bin/cp"), arguments: [folder + "/script", folder + "/app"])
            copy.waitUntilExit()
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder + "/app")
            try write([UInt8](config.utf8), to: "weaver.toml")
        }

        private func write(_ bytes: [UInt8], to name: String) throws {
            try Data(bytes).write(to: URL(filePath: folder + "/" + name))
        }

        private static func frame(_ id: Int64, _ message: WeaveletMessage) throws -> [UInt8] {
            let bytes = try WeaveletCodec.encode(id: id, message)
            return (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> ($0 * 8)) } + bytes
        }

        var files: [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasPrefix("weaver-") }
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }
    }

    /// A weavelet in a few lines: it waits until its pipe closes. It does not answer health checks, but what it sends shows
    /// that it lives, however long the test takes.
    private static let weavelet = """
        [ -n "$WEAVER_DESCRIBE" ] && { cat descriptor >&"$WEAVER_DESCRIBE"; exit 0; }
        echo "out $KEPT"; echo "err $ADDED" >&2
        cat answers >&"$WEAVER_WEAVELET_TO_ENVELOPE_FD"
        while sleep 1; do cat beat >&"$WEAVER_WEAVELET_TO_ENVELOPE_FD" || exit; done &
        exec cat <&"$WEAVER_ENVELOPE_TO_WEAVELET_FD" >/dev/null
        """

    /// Reports of its load what makes no sense, as soon as it is asked.
    private static let liar = """
        [ -n "$WEAVER_DESCRIBE" ] && { cat descriptor >&"$WEAVER_DESCRIBE"; exit 0; }
        cat answers >&"$WEAVER_WEAVELET_TO_ENVELOPE_FD"
        while sleep 0.1; do cat beat load >&"$WEAVER_WEAVELET_TO_ENVELOPE_FD" || exit; done &
        exec cat <&"$WEAVER_ENVELOPE_TO_WEAVELET_FD" >/dev/null
        """

    /// Collects entries, and tells when one has arrived that contains a text.
    private final class Sink: LogSink {
        private let entries = Mutex<[LogEntry]>([])
        func write(_ entry: LogEntry) { entries.withLock { $0.append(entry) } }
        func flush(within bound: Duration) async {}
        var all: [LogEntry] { entries.withLock { $0 } }
        func contains(_ text: String) -> Bool { all.contains { $0.message.contains(text) } }
    }

    /// Waits for something that other processes do.
    private func eventually(
        _ what: Comment, sourceLocation: Testing.SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
    ) async throws {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(20)
        while clock.now < end {
            if try await condition() { return }
            try await clock.sleep(for: .milliseconds(10))
        }
        Issue.record(what, sourceLocation: sourceLocation)
    }

    @Test func `a deployment runs, restarts what is killed, stops when told and leaves nothing`() async throws {
        let stage = try Stage(
            script: Self.weavelet,
            config: "[weaver]\nname = \"stage\"\nbinary = \"app\"\nenv = [\"ADDED=first\", \"ADDED=last\"]\n")
        try await withLoop { loop in
            let deployment = try await MultiDeployment.prepare(
                config: stage.config, loop: loop, environment: stage.environment)
            let sink = Sink()
            async let code = deployment.run(output: sink)
            let registry = DeploymentRegistry.ofUser(environment: stage.environment)
            func status() async -> DeploymentStatus? { await registry.list(loop: loop).first?.status }
            func replicas() async -> [DeploymentStatus.Replica] { await status()?.groups.flatMap(\.replicas) ?? [] }
            func readyPIDs() async -> [Int32] { await replicas().filter { $0.state == .ready }.compactMap(\.pid) }

            // On a machine that is busy a single question may go unanswered.
            var first: [Int32] = []
            try await eventually("two replicas are ready") {
                first = await readyPIDs()
                return first.count == 2
            }
            try await eventually("the status names app and deployment") {
                guard let status = await status() else { return false }
                return status.app == "stage" && status.deployment == deployment.id
            }
            let victim = try #require(first.first)
            kill(victim, SIGKILL)
            var now: [DeploymentStatus.Replica] = []
            try await eventually("another process takes the place") {
                now = await replicas().filter { $0.state == .ready }
                return now.count == 2 && !now.contains { $0.pid == victim }
            }
            #expect(now.map(\.restarts).sorted() == [0, 1])
            #expect(now.compactMap(\.lastExit) == ["signal 9"])
            let last = now.compactMap(\.pid)

            let entry = try #require(registry.entries().first)
            let client = StatusClient(loop: loop)
            async let stopped: Void = client.stop(socket: entry.socket, bound: .seconds(20))
            // These weavelets do not answer to drain: the second request ends them at once.
            async let again: Void = client.stop(socket: entry.socket, bound: .seconds(20))
            _ = try await (stopped, again)
            #expect(try await code == 0)
            #expect(registry.entries().isEmpty)
            #expect(stage.files.isEmpty, "socket and folder are gone")
            for pid in first + last { #expect(kill(pid, 0) == -1, "process \(pid) is gone") }
            #expect(sink.contains("out own"))
            #expect(sink.contains("err last"), "of two values the last counts")
            let line = try #require(sink.all.first { $0.message == "out own" })
            #expect(line.component == "main" && line.replica.count == 8 && line.attributes["stream"] == "stdout")
        }
    }

    @Test func `an application that never starts ends the deployment with a code and its reason`() async throws {
        let stage = try Stage(
            script: """
                [ -n "$WEAVER_DESCRIBE" ] && { cat descriptor >&"$WEAVER_DESCRIBE"; exit 0; }
                echo "no database" >&2; exit 3
                """)
        try await withLoop { loop in
            let deployment = try await MultiDeployment.prepare(
                config: stage.config, loop: loop, environment: stage.environment)
            let sink = Sink()
            #expect(try await deployment.run(output: sink) == 1)
            #expect(sink.contains("no database"))
            #expect(sink.contains("exit code 3"))
            #expect(stage.files.isEmpty)
        }
    }

    @Test(
        arguments: [
            ("exit 0", "no weaver application"), ("echo unknown flag >&2; exit 64", "unknown flag"),
            ("printf nonsense >&$WEAVER_DESCRIBE", "no weaver application"), ("kill -9 $$", "signal 9"),
        ])
    func `a binary that is no application is refused in words`(script: String, words: String) async throws {
        let stage = try Stage(script: script)
        try await withLoop { loop in
            let error = try await #require(throws: DescriptorProbe.Failure.self) {
                try await MultiDeployment.prepare(config: stage.config, loop: loop, environment: stage.environment)
            }
            #expect(error.description.contains(words), "\(error)")
            #expect(error.description.contains("/app"), "the binary is named")
        }
    }

    @Test func `a replica that reports nonsense of its load loses the report and lives on`() async throws {
        let stage = try Stage(
            script: Self.liar,
            config: "[weaver]\nname = \"stage\"\nbinary = \"app\"\nload_interval = \"100ms\"\n", isRouted: true)
        try await withLoop { loop in
            let deployment = try await MultiDeployment.prepare(
                config: stage.config, loop: loop, environment: stage.environment)
            let sink = Sink()
            async let code = deployment.run(output: sink)
            let dropped = "what it reports of its load makes no sense and is dropped: a report of nan s"
            try await eventually("a line in the log for each of two replicas") {
                Set(sink.all.filter { $0.message == dropped }.map(\.replica)).count == 2
            }
            let registry = DeploymentRegistry.ofUser(environment: stage.environment)
            var replicas: [DeploymentStatus.Replica] = []
            try await eventually("a status") {
                replicas = await registry.list(loop: loop).first?.status?.groups.flatMap(\.replicas) ?? []
                return !replicas.isEmpty
            }
            #expect(replicas.map(\.state) == [.ready, .ready])
            #expect(replicas.map(\.restarts) == [0, 0])
            // It does not answer to drain: the second request ends it at once.
            let client = StatusClient(loop: loop)
            let socket = try #require(registry.entries().first).socket
            async let stopped: Void = client.stop(socket: socket, bound: .seconds(20))
            async let again: Void = client.stop(socket: socket, bound: .seconds(20))
            _ = try await (stopped, again, code)
        }
    }

    @Test func `a child gets every name once and nothing that was meant for us`() {
        let own = ["A": "1", "B": "2", EnvelopeClient.readVariable: "9", "WEAVER_DESCRIBE": "9"]
        #expect(
            MultiDeployment.childEnvironment(own, adding: ["B=3", "C", "D=x=y", "B=4"]) == [
                "A=1", "B=4", "C=", "D=x=y",
            ])
    }
}
