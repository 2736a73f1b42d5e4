import Foundation
import Logging
import ServiceLifecycleTestKit
import TestSupport
import Testing
import WeaverCore
import WeaverEmbedding
import WeaverLoop
import WeaverRuntime

/// What a service does with a config that says more than the sections of its components, such as the one that deploys the
/// same program.
@Suite(.timeLimit(.minutes(1)))
struct EmbeddedConfigTests {
    /// Runs the components of `list` with a config; gives what was logged.
    private func notes(
        _ text: String, components: [any Implementation.Type] = [OakBench.self, ShopWindow.self],
        _ body: @escaping @Sendable (WeaverService) async throws -> Void = { _ in }
    ) async throws -> Notes {
        let notes = Notes()
        let service = WeaverService(
            components: components, config: .text(text), logger: Logger(label: "workshop") { _ in notes.handler })
        try await service.running {
            _ = try await service.get((any Drawer).self)
            try await body(service)
        }
        return notes
    }

    // MARK: What is not used

    @Test func `keys that nobody heeds are told with their line and what to do`() async throws {
        let notes = try await notes(
            """
            [weaver]
            env = ["WEAVER_TEST_NOWHERE=secret"]
            [multi.listeners.workshopWindow]
            address = "127.0.0.1:1"
            [single]
            metrics = "127.0.0.1:1"
            traces = "traces.jsonl"
            traces_per_second = 3
            """)
        let record = "call Weaver.recordTraces(toFile:application:tracesPerSecond:), and remove the key"
        let own = "is for a process of the runtime's own, an embedded service does not use it"
        #expect(
            notes.own == [
                "warning: config:6: single.metrics \(own): answer GET /metrics with Weaver.metricsText(application:), "
                    + "and remove the key",
                "warning: config:7: single.traces \(own): \(record)",
                "warning: config:8: single.traces_per_second \(own): \(record)",
                // Without the value.
                "warning: config:2: weaver.env sets WEAVER_TEST_NOWHERE, which this process does not have so: an embedded "
                    + "service changes no environment, set it where the process is started",
                "warning: config:4: multi.listeners.workshopWindow.address is the proxy's, an embedded service listens at "
                    + "any free port: set [single.listeners.workshopWindow] address, too",
            ])
    }

    @Test func `a config that deploys the program is no error, and what is for others is told once`() async throws {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let notes = try await notes(
            """
            [weaver]
            name = "workshop"
            binary = "workshop"
            env = ['PATH=\(path)']
            colocate = [["main", "Drawer"]]
            replicas = 3
            [weaver.group.Bench]
            replicas = 2
            [multi]
            traces = "traces.jsonl"
            [multi.proxy]
            max_body = 5
            [multi.listeners.workshopWindow]
            address = "127.0.0.1:1"
            [single.listeners.workshopWindow]
            address = "127.0.0.1:1"
            [Drawer]
            tools = ["saw"]
            """, components: [OakBench.self])
        #expect(
            notes.own == [
                "notice: config: for processes that weaver starts, not used here: weaver.binary (line 3), "
                    + "weaver.colocate (line 5), weaver.replicas (line 6), weaver.group (line 7), multi.traces (line 10), "
                    + "multi.proxy (line 11), multi.listeners.workshopWindow (line 13), "
                    + "single.listeners.workshopWindow (line 15)"
            ])
    }

    @Test func `a config with the components' sections only is not commented on`() async throws {
        let notes = try await notes("[Drawer]\ntools = [\"saw\"]")
        #expect(notes.own == [])
    }

    // MARK: Listeners

    @Test func `a listener is bound where the config says, served by all loops, and gone with the service`()
        async throws
    {
        let (threads, address) = (Promise<Set<String>>(), Promise<String>())
        let notes = try await notes(
            """
            [single]
            loops = 2
            [single.listeners.workshopWindow]
            address = "127.0.0.2:0"
            """
        ) { service in
            let bound = try await service.get((any Window).self).address()
            address.fulfil(bound)
            threads.fulfil(try await Self.askUntilTwo(at: bound))
        }
        #expect(notes.own == [])
        let bound = await address.wait()
        #expect(bound.hasPrefix("127.0.0.2:"))
        // There is no main component that could have said so.
        #expect(notes.ofComponents == ["WeaverEmbeddingTests.Window: listener 'workshopWindow' on \(bound)"])
        #expect(await threads.wait().count == 2, "both loops have answered")
        // A process that another test has just forked has the socket until it becomes another program.
        let socket = try Self.socket(bound)
        try await eventually("nobody listens any more") { (try? ListeningSocket(address: socket)) != nil }
    }

    /// Asks on connections of their own until two threads have answered; the kernel chooses which.
    private static func askUntilTwo(at address: String) async throws -> Set<String> {
        var threads: Set<String> = []
        try await withLoop { loop in
            while threads.count < 2 {
                let peer = try await RawPeer.connect(to: socket(address), loop: loop)
                try await peer.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                threads.insert(String(await peer.receiveAll().split(separator: "\n").last ?? ""))
                try await peer.close()
            }
        }
        return threads
    }

    private static func socket(_ address: String) throws -> SocketAddress { try #require(SocketAddress(address)) }

    @Test func `an address that somebody has is told with the listener's name, before the others start`() async throws {
        let taken = try ListeningSocket(address: .ip("127.0.0.1", port: 0))
        let service = WeaverService(
            components: [ShopWindow.self],
            config: .text("[single.listeners.workshopWindow]\naddress = \"\(taken.address)\""))
        let error = await #expect(throws: (any Error).self) { try await service.run() }
        #expect(
            error.map { "\($0)" } == "WeaverEmbeddingTests.Window did not start: the address \(taken.address) of the "
                + "listener 'workshopWindow' is in use")
    }

    // MARK: Mistakes

    @Test(
        arguments: [
            (
                "[Drawer]\n\ntols = []",
                "config:3: unknown key \"tols\" in [WeaverEmbeddingTests.Drawer]; did you mean \"tools\"?"
            ),
            ("[Drawr]\ntools = []", "config:1: unknown section [Drawr]; did you mean \"Drawer\"?"),
            ("[single]\nloop = 2", "config:2: unknown key \"loop\" in [single]; did you mean \"loops\"?"),
            (
                "[single.listeners.workshopWindw]",
                "config:1: unknown listener \"workshopWindw\"; did you mean \"workshopWindow\"?"
            ),
            (
                "[weaver.group.Bnch]\nreplicas = 2", "config:1: unknown component \"Bnch\"; did you mean \"Bench\"?"
            ),
            (
                // Which is told before that "depth" is missing.
                "[Basement]\ndept = 3",
                "config:2: unknown key \"dept\" in [WeaverEmbeddingTests.Basement]; did you mean \"depth\"?"
            ),
            (
                "[Basement]\nbottles = 3",
                "config:1: [WeaverEmbeddingTests.Basement]: the key 'depth' is missing"
            ),
        ])
    func `a mistake is told as weaver check tells it, before anything starts`(
        text: String, message: String
    ) async throws {
        let components: [any Implementation.Type] =
            text.hasPrefix("[Basement]") ? [StoneBasement.self] : [OakBench.self, ShopWindow.self]
        let error = await #expect(throws: (any Error).self) {
            _ = try await notes(text, components: components)
        }
        #expect(error.map { "\($0)" } == message)
    }

    @Test func `a key that is like no other is told, and what was read`() async throws {
        let notes = try await notes("[Drawer]\nhandle = 1")
        #expect(
            notes.own == ["warning: config:2: unknown key \"handle\" in [WeaverEmbeddingTests.Drawer]; known: tools"])
    }
}
