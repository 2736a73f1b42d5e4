import Synchronization
import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How long a client of these tests waits for an answer that will come: other tests keep the machine busy.
private let patience = Duration.seconds(60)

/// The status socket, its client, and the registry of running deployments.
@Suite(.timeLimit(.minutes(1)))
struct StatusTests {
    private static let status = DeploymentStatus(
        app: "lemon", deployment: "f74f7512-a8ff-48e2-bdce-8a1a3dd4c640", pid: 7, age: 22.5,
        groups: [
            .init(
                name: "main", components: ["main"],
                replicas: [
                    .init(
                        id: "r", pid: 8, state: .ready, restarts: 1, address: "127.0.0.1:9", age: 1,
                        lastExit: "signal 9"),
                    .init(state: .givenUp),
                ])
        ], listeners: [.init(name: "lemon", address: "127.0.0.1:12345", backends: 1)])

    /// A server whose things belong to the loop's thread.
    private final class Fixture: @unchecked Sendable {
        // @unchecked: used on the loop's thread only.
        var server: StatusServer?
        var connections: [ByteStream] = []
    }

    /// Runs `body` with a server's socket; `onStop` is called on the loop.
    private func withServer(
        _ loop: EventLoop, status: DeploymentStatus = Self.status,
        onStop: @escaping @Sendable (StatusServer) -> Void = { _ in },
        _ body: (SocketFolder) async throws -> Void
    ) async throws {
        let folder = try SocketFolder.make(environment: [:])
        let fixture = Fixture()
        try await loop.run {
            fixture.server = try StatusServer(
                loop: loop, folder: folder, status: { status }, routing: { $0(status) },
                stop: { if let server = fixture.server { onStop(server) } })
        }
        try await body(folder)
        try await loop.run {
            fixture.server?.close()
            fixture.server = nil
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path), "nothing is left behind")
    }

    @Test func clientHearsTheStatusWhole() async throws {
        try await withLoop { loop in
            try await withServer(loop) { folder in
                let heard = try await StatusClient(loop: loop, timeout: patience).status(socket: folder.socketPath)
                #expect(heard == Self.status)
            }
        }
    }

    @Test func `client hears what was measured, and a server that has nothing to tell closes`() async throws {
        var histogram = Histogram()
        for value in [0.001, 5, 0] { histogram.record(value) }
        let measured = MeasuredDeployment(
            app: "lemon", deployment: "d",
            metrics: [
                MetricSeries(MetricDefinition(.counter, "c", [MetricLabel("a", "\"")]), .count(.max)),
                MetricSeries(MetricDefinition(.gauge, "g"), .number(-1.5), replicas: ["r": -1.5]),
                MetricSeries(MetricDefinition(.timer, "t"), .histogram(histogram)),
                // What an application measures may be no number that JSON has: all else must be told none the less.
                MetricSeries(MetricDefinition(.gauge, "i"), .number(-.infinity), replicas: ["r": .infinity]),
            ])
        try await withLoop { loop in
            let folder = try SocketFolder.make(environment: [:])
            let fixture = Fixture()
            try await loop.run {
                fixture.server = try StatusServer(
                    loop: loop, folder: folder, status: { Self.status }, routing: { _ in }, stop: {})
            }
            let client = StatusClient(loop: loop, timeout: patience)
            await #expect(throws: StatusError.self) { try await client.metrics(socket: folder.socketPath) }
            try await loop.run { fixture.server?.metrics = { measured } }
            #expect(try await client.metrics(socket: folder.socketPath) == measured)
            try await loop.run { fixture.server?.close() }
        }
    }

    @Test func `who asks for routing hears it when the replicas have reported, and nobody else waits`() async throws {
        try await withLoop { loop in
            let folder = try SocketFolder.make(environment: [:])
            let fixture = Fixture()
            let asked = AsyncStream<@Sendable () -> Void>.makeStream()
            var full = Self.status
            full.routing = [
                .init(
                    component: "C", version: 3, slices: 2,
                    replicas: [.init(id: "r", pid: 8, slices: 2, keys: 1, load: 2.5)])
            ]
            let answer = full
            try await loop.run {
                fixture.server = try StatusServer(
                    loop: loop, folder: folder, status: { Self.status },
                    routing: { done in
                        nonisolated(unsafe) let done = done
                        asked.continuation.yield { loop.execute { unsafe done(answer) } }
                    }, stop: {})
            }
            async let routing = StatusClient(loop: loop, timeout: patience).status(
                socket: folder.socketPath, withRouting: true)
            var questions = asked.stream.makeAsyncIterator()
            let reply = await questions.next()
            #expect(
                try await StatusClient(loop: loop, timeout: patience).status(socket: folder.socketPath) == Self.status)
            reply?()
            #expect(try await routing == answer)
            try await loop.run { fixture.server?.close() }
        }
    }

    @Test func socketFolderIsClosedToOthersAndShortEnough() throws {
        let long = "/" + String(repeating: "x", count: 100)
        let folder = try SocketFolder.make(environment: ["XDG_RUNTIME_DIR": long, "TMPDIR": "relative"])
        defer { folder.remove() }
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path)
        #expect(attributes[.posixPermissions] as? Int == 0o700)
        #expect(folder.socketPath.utf8.count < SocketAddress.maximumPathLength)
        let replica = UUID().uuidString.lowercased()
        #expect(folder.socketPath(ofReplica: replica).utf8.count < SocketAddress.maximumPathLength)
        #expect(SocketFolder(ofSocket: folder.socketPath) == folder)
        #expect(SocketFolder(ofSocket: "/srv/somebody/status.sock") == nil, "a foreign folder is never removed")
    }

    @Test func folderWhoseReplicasSocketsWouldBeTooLongIsNotUsed() throws {
        try withTemporaryFolder { base in
            // Its status socket's path would be short enough.
            let status = SocketFolder(path: base + "/" + "weaver-XXXXXX").socketPath.utf8.count
            let long = base + "/" + String(repeating: "x", count: SocketAddress.maximumPathLength - status - 2)
            try FileManager.default.createDirectory(atPath: long, withIntermediateDirectories: false)
            let folder = try SocketFolder.make(environment: ["XDG_RUNTIME_DIR": long, "TMPDIR": base])
            defer { folder.remove() }
            #expect(folder.path.hasPrefix(base) && !folder.path.hasPrefix(long))
        }
    }

    @Test func socketsOfReplicasThatWereKilledAreRemovedWithTheFolder() throws {
        let folder = try SocketFolder.make(environment: [:])
        let (ended, killed) = (folder.socketPath(ofReplica: "a"), folder.socketPath(ofReplica: "b"))
        for path in [ended, killed] { try put([], at: path) }
        folder.remove(ofReplica: "a")
        #expect(!FileManager.default.fileExists(atPath: ended))
        #expect(FileManager.default.fileExists(atPath: killed))
        folder.remove()
        #expect(!FileManager.default.fileExists(atPath: folder.path))
    }

    @Test func stopComesBackOnlyWhenTheDeploymentHasEnded() async throws {
        try await withLoop { loop in
            let hasEnded = Mutex(false)
            let folder = try SocketFolder.make(environment: [:])
            let fixture = Fixture()
            let stopAsked = AsyncStream<Void>.makeStream()
            try await loop.run {
                fixture.server = try StatusServer(
                    loop: loop, folder: folder, status: { Self.status }, routing: { $0(Self.status) },
                    stop: { stopAsked.continuation.yield() })
            }
            async let stopped: Void = StatusClient(loop: loop).stop(socket: folder.socketPath, bound: .seconds(20))
            for await _ in stopAsked.stream { break }
            hasEnded.withLock { $0 = true }
            try await loop.run { fixture.server?.close() }
            try await stopped
            #expect(hasEnded.withLock { $0 })
            await #expect(throws: StatusError.noSocket) {
                try await StatusClient(loop: loop).status(socket: folder.socketPath)
            }
        }
    }

    @Test func whoAsksForARestartHearsOfItLineByLineUntilItHasEnded() async throws {
        try await withLoop { loop in
            let folder = try SocketFolder.make(environment: [:])
            let fixture = Fixture()
            let heard = Mutex<[String]>([])
            try await loop.run {
                let server = try StatusServer(
                    loop: loop, folder: folder, status: { Self.status }, routing: { $0(Self.status) }, stop: {})
                server.restart = { component, tell in
                    tell(RestartProgress(.underWay, component ?? "all"))
                    loop.executeLocally {
                        tell(RestartProgress(.underWay, "second"))
                        tell(component == nil ? RestartProgress(.failed, "no") : RestartProgress(.done, "yes"))
                    }
                }
                fixture.server = server
            }
            let client = StatusClient(loop: loop)
            let hear: @Sendable (RestartProgress) -> Void = { progress in heard.withLock { $0.append(progress.text) } }
            let done = try await client.restart(
                socket: folder.socketPath, component: "Lemon.Products", onProgress: hear)
            #expect(done == RestartProgress(.done, "yes"))
            #expect(heard.withLock { $0 } == ["Lemon.Products", "second", "yes"])
            let failed = try await client.restart(socket: folder.socketPath, component: nil, onProgress: hear)
            #expect(failed == RestartProgress(.failed, "no"))
            // A name that is longer than a command may be is no command.
            await #expect(throws: StatusError.self) {
                try await client.restart(
                    socket: folder.socketPath, component: String(repeating: "x", count: 512), onProgress: hear)
            }
            try await loop.run { fixture.server?.close() }
        }
    }

    @Test func aDeployerThatEndsInTheMiddleOfARestartIsGone() async throws {
        try await withLoop { loop in
            let folder = try SocketFolder.make(environment: [:])
            let fixture = Fixture()
            try await loop.run {
                let server = try StatusServer(
                    loop: loop, folder: folder, status: { Self.status }, routing: { $0(Self.status) }, stop: {})
                server.restart = { _, tell in tell(RestartProgress(.underWay, "begun")) }
                fixture.server = server
            }
            let begun = Promise<Bool>()
            let end = Task {
                try await StatusClient(loop: loop).restart(socket: folder.socketPath, component: nil) { _ in
                    begun.fulfil(true)
                }
            }
            _ = await begun.wait()
            try await loop.run { fixture.server?.close() }
            await #expect(throws: StatusError.gone) { try await end.value }
        }
    }

    @Test func aCommandWithANameIsOnlyWhatTakesOne() {
        #expect(StatusProtocol.parse("restart Lemon.Products")?.name == "Lemon.Products")
        #expect(StatusProtocol.parse("restart")?.command == .restart)
        #expect(StatusProtocol.parse("stop now") == nil && StatusProtocol.parse("") == nil)
    }

    @Test func aConnectionWithoutACommandEndsByItself() async throws {
        try await withLoop { loop in
            let folder = try SocketFolder.make(environment: [:])
            let fixture = Fixture()
            let closed = AsyncStream<Void>.makeStream()
            try await loop.run {
                fixture.server = try StatusServer(
                    loop: loop, folder: folder, commandTimeout: .milliseconds(20), status: { Self.status },
                    routing: { $0(Self.status) }, stop: {})
                let peer = Peer(text: "") { closed.continuation.yield() }
                _ = try ByteStream.connect(
                    to: .unix(folder.socketPath), loop: loop, timeout: .seconds(5), delegate: peer)
            }
            for await _ in closed.stream { break }
            try await loop.run { fixture.server?.close() }
        }
    }

    @Test func onlyNobodyAtTheSocketMeansThatADeploymentIsGone() {
        func meaning(_ code: Int32) -> StatusError { StatusError(UVError(code: -code, operation: "x")) }
        #expect(meaning(ECONNREFUSED) == .gone)
        #expect(meaning(ENOENT) == .noSocket)
        #expect(meaning(ETIMEDOUT) == .timedOut)
        for code in [EMFILE, ENFILE, EACCES, EAGAIN, ECONNRESET, EPIPE] {
            guard case .notAsked = meaning(code) else {
                Issue.record("\(code): \(meaning(code))")
                continue
            }
        }
    }

    @Test func aDeploymentWhoseSocketIsNotThereLivesAsLongAsItsProcess() async throws {
        try await withLoop { loop in
            let data = try SocketFolder.make(environment: [:])
            defer { try? FileManager.default.removeItem(atPath: data.path) }
            let registry = DeploymentRegistry(folder: data.path)
            let pid = getpid()
            let started = ProcessIdentity.startTime(of: pid)
            let alive = DeploymentRegistry.Entry(
                app: "a", deployment: "1", pid: pid, socket: "/nowhere/weaver-x/status.sock", started: started)
            var another = alive
            another.deployment = "2"
            another.started = started.map { $0 + 1 }
            for entry in [alive, another] { try registry.register(entry) }
            #expect(await registry.list(loop: loop) == [.init(entry: alive, status: nil)])
            #expect(registry.entries() == [alive], "a process that has only the same number is another one")
        }
    }

    @Test func whatDeadDeployersHaveLeftIsSweptWithoutAskingAnybody() throws {
        let data = try SocketFolder.make(environment: [:])
        let socket = try SocketFolder.make(environment: [:])
        defer { try? FileManager.default.removeItem(atPath: data.path) }
        let registry = DeploymentRegistry(folder: data.path)
        let pid = getpid()
        let alive = DeploymentRegistry.Entry(app: "a", deployment: "1", pid: pid, socket: "/x/weaver-y/status.sock")
        try registry.register(alive)
        // The highest number that Linux gives is 2^22.
        try registry.register(.init(app: "a", deployment: "2", pid: .max, socket: socket.socketPath))
        registry.sweep()
        #expect(registry.entries() == [alive])
        #expect(!FileManager.default.fileExists(atPath: socket.path))
    }

    @Test func aProcessRemovesTheFilesThatItsDeployerHasNamedAndNoOthers() throws {
        try withTemporaryFolder { folder in
            let socket = try SocketFolder.make(environment: [:])
            try put([], at: folder + "/entry.json")
            try put([], at: folder + "/status.sock")
            let files = DeploymentFiles(entry: folder + "/entry.json", socket: socket.socketPath)
            let variables = Dictionary(
                uniqueKeysWithValues: files.environment.map { variable in
                    let parts = variable.split(separator: "=", maxSplits: 1)
                    return (String(parts[0]), String(parts[1]))
                })
            #expect(DeploymentFiles { variables[$0] } == files)
            #expect(DeploymentFiles { _ in nil } == nil)
            files.remove()
            #expect(!FileManager.default.fileExists(atPath: socket.path))
            #expect(!FileManager.default.fileExists(atPath: folder + "/entry.json"))
            DeploymentFiles(entry: folder + "/none", socket: folder + "/status.sock").remove()
            #expect(FileManager.default.fileExists(atPath: folder + "/status.sock"))
        }
    }

    @Test func deploymentThatDoesNotAnswerIsNotTakenForDead() async throws {
        try await withLoop { loop in
            let folder = try SocketFolder.make(environment: [:])
            let fixture = Fixture()
            let listener = try await loop.run {
                // Accepts and keeps silent, as a stopped process does.
                UnsafeTransfer(
                    try StreamListener(loop: loop, address: .unix(folder.socketPath)) { fixture.connections.append($0) }
                )
            }
            let client = StatusClient(loop: loop, timeout: .milliseconds(50))
            await #expect(throws: StatusError.timedOut) { try await client.status(socket: folder.socketPath) }
            try await loop.run {
                listener.value.close()
                for stream in fixture.connections { stream.close() }
            }
            folder.remove()
        }
    }

    @Test(arguments: ["nonsense\n", String(repeating: "s", count: 100), "status"])
    func nonsenseClosesTheConnectionOnly(text: String) async throws {
        try await withLoop { loop in
            try await withServer(loop) { folder in
                let closed = AsyncStream<Void>.makeStream()
                try await loop.run {
                    let peer = Peer(text: text) { closed.continuation.yield() }
                    _ = try ByteStream.connect(
                        to: .unix(folder.socketPath), loop: loop, timeout: .seconds(5), delegate: peer)
                }
                for await _ in closed.stream { break }
                #expect(
                    try await StatusClient(loop: loop, timeout: patience).status(socket: folder.socketPath)
                        == Self.status)
            }
        }
    }

    @Test func registryForgetsTheDeadAndWhatTheyLeft() async throws {
        try await withLoop { loop in
            let dead = try SocketFolder.make(environment: [:])
            let data = try SocketFolder.make(environment: [:])
            defer { try? FileManager.default.removeItem(atPath: data.path) }
            let registry = DeploymentRegistry.ofUser(environment: ["XDG_DATA_HOME": data.path])
            #expect(await registry.list(loop: loop).isEmpty, "a folder that does not exist is an empty registry")
            try await withServer(loop) { folder in
                let alive = DeploymentRegistry.Entry(
                    app: "lemon", deployment: Self.status.deployment, pid: 7, socket: folder.socketPath)
                try registry.register(alive)
                try registry.register(.init(app: "gone", deployment: "1", pid: .max, socket: dead.socketPath))
                try registry.register(.init(app: "other", deployment: "2", pid: 1, socket: folder.socketPath))
                let running = await registry.list(loop: loop)
                #expect(running == [.init(entry: alive, status: Self.status)])
                #expect(registry.entries() == [alive])
                #expect(!FileManager.default.fileExists(atPath: dead.path))
                registry.unregister(deployment: alive.deployment)
                #expect(registry.entries().isEmpty)
            }
        }
    }

    @Test func registryIsWhereTheSpecificationSays() {
        let place = { DeploymentRegistry.ofUser(environment: $0).folder }
        #expect(place(["HOME": "/h"]) == "/h/.local/share/weaver/deployments")
        #expect(place(["HOME": "/h", "XDG_DATA_HOME": "/d"]) == "/d/weaver/deployments")
        #expect(place(["HOME": "/h", "XDG_DATA_HOME": "relative"]) == "/h/.local/share/weaver/deployments")
    }
}

/// Hands a loop's object out of the loop, to be handed in again.
@safe
private struct UnsafeTransfer<T>: @unchecked Sendable {
    // @unchecked: the test only passes it back to the loop.
    let value: T
    init(_ value: T) { self.value = value }
}

/// Says something, closes its side and waits for the end.
private final class Peer: ByteStreamDelegate {
    private let text: String
    private let onClose: @Sendable () -> Void

    init(text: String, onClose: @escaping @Sendable () -> Void) {
        self.text = text
        self.onClose = onClose
    }

    func streamDidConnect(_ stream: ByteStream) {
        stream.startReading()
        stream.write { output in output.append(utf8: text) }
        if text == "status" { stream.shutdown() }
    }
    func stream(_ stream: ByteStream, didRead bytes: RawSpan) {}
    func streamDidReachEnd(_ stream: ByteStream) { stream.close() }
    func streamDidClose(_ stream: ByteStream, error: UVError?) { onClose() }
}
