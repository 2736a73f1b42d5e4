import Foundation
import Testing

@testable import Harness

/// The peers here are scripts of the shell.
@Suite struct ContestTests {
    private static let answer = answer(others: "0")

    /// What a client prints when everything else took so many of the window's 1000 ns.
    private static func answer(others: String) -> String {
        """
        {"calls": 10, "nanoseconds": 1000, "serverNanoseconds": 10, "clientNanoseconds": 10, \
        "othersNanoseconds": \(others), "p50Nanoseconds": 1, "p99Nanoseconds": 1}
        """
    }

    /// Measures programs that do this as servers and as clients; each has two runs.
    private func contest(
        _ peers: [(serve: String, run: String)], repeats: Int = 2, quiet: Double? = nil, body: (Contest) throws -> Void
    ) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "contest-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let contenders = try peers.enumerated().map { index, peer in
            let script = folder.appending(path: "\(index)")
            let text = "#!/bin/sh\ncd \(folder.path)\nif [ $1 = serve ]; then \(peer.serve); else \(peer.run); fi\n"
            try Data(text.utf8).write(to: script)
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script.path)
            return Contender(name: "\(index)", title: "peer \(index)", program: script.path)
        }
        try body(
            Contest(
                contenders: contenders, shapes: [Shape(size: 1, inFlight: 1)], repeats: repeats, warmUp: 0,
                seconds: 0.01, serverCore: nil, clientCore: nil, quiet: quiet))
    }

    private func text(_ name: String, of contest: Contest) throws -> String {
        let folder = URL(filePath: contest.contenders[0].program).deletingLastPathComponent()
        return try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    @Test func `runs take turns`() throws {
        let serve = "echo ready here; cat > /dev/null"
        let peers = ["a", "b"].map { (serve, "echo \($0) >> turns; echo '\(Self.answer)'") }
        try contest(peers) { contest in
            let results = contest.run { _ in }
            #expect(results.map(\.runs.count) == [2, 2])
            let turns = try text("turns", of: contest)
            #expect(turns == "a\nb\na\nb\n")
        }
    }

    @Test func `a peer that fails is left out with what it said, and the others go on`() throws {
        let serve = "echo ready here; cat > /dev/null"
        let peers = [
            (serve, "echo once >> tries; echo 'no route' >&2; exit 3"),
            ("exit 4", "echo never"),
            (serve, "echo nonsense"),
            (serve, "echo '\(Self.answer)'"),
        ]
        try contest(peers) { contest in
            let results = contest.run { _ in }
            #expect(results[0].failure == "ended with code 3: no route")
            #expect(results[1].failure == "ended with code 4")
            #expect(results[2].failure == "not a measurement: nonsense")
            #expect(results[3].runs.count == 2)
            let tries = try text("tries", of: contest)
            #expect(tries == "once\n")
        }
    }

    /// The nth try was disturbed by what the nth number says, in thousandths of a core.
    @Test(arguments: [
        ([50], 50, 1), ([101, 100, 7], 100, 2), ([900, 300, 500, 700, 800, 1], 300, Contest.mostAttempts),
    ])
    func `a disturbed run is made again, within bounds, and the least disturbed counts`(
        others: [Int], counts: Int, tries: Int
    ) throws {
        let next =
            "echo x >> tries; n=$(wc -l < tries); others=$(echo \(others.map(String.init).joined(separator: " ")) "
            + "| cut -d ' ' -f $n)"
        let text = Self.answer(others: "OTHERS")
        let peer = ("echo ready here; cat > /dev/null", "\(next); echo '\(text)' | sed s/OTHERS/$others/")
        try contest([peer], repeats: 1, quiet: 0.1) { contest in
            let results = contest.run { _ in }
            #expect(results.map(\.failure) == [nil])
            #expect(results[0].runs.map { Int($0.othersNanoseconds) } == [counts])
            let tried = try self.text("tries", of: contest)
            #expect(tried == String(repeating: "x\n", count: tries))
        }
    }

    @Test func `no server is left behind, not even one that does not listen to the end of its input`() throws {
        let peers = [
            ("echo $$ >> servers; echo ready here; cat > /dev/null", "echo '\(Self.answer)'"),
            ("echo $$ >> servers; echo ready here; exec sleep 1000", "exit 1"),
            ("echo $$ >> servers; echo hello; exec sleep 1000", "exit 1"),
        ]
        try contest(peers) { contest in
            _ = contest.run { _ in }
            let servers = try text("servers", of: contest).split(separator: "\n").compactMap { Int32($0) }
            #expect(servers.count == 3)
            for server in servers { #expect(kill(server, 0) == -1 && errno == ESRCH) }
        }
    }

    @Test func `a peer's program that is not there is a failure of that peer`() {
        let contest = Contest(
            contenders: [Contender(name: "x", title: "x", program: "/nonexistent/peer")],
            shapes: [Shape(size: 1, inFlight: 1)], repeats: 1, warmUp: 0, seconds: 0.01, serverCore: nil,
            clientCore: nil)
        #expect(contest.run { _ in }.first?.failure != nil)
    }

    #if os(Linux)
        @Test func `a process starts on its core, and this thread is not left there`() throws {
            let before = Affinity.cores
            let core = try #require(before.last)
            let process = try PeerProcess(
                program: "/bin/sh", arguments: ["-c", "grep Cpus_allowed_list /proc/self/status"], core: core)
            let pinned = try process.line(within: 10)
            #expect(pinned.hasSuffix("\t\(core)"))
            try process.waitForSuccess()
            let free = try PeerProcess(
                program: "/bin/sh", arguments: ["-c", "grep Cpus_allowed_list /proc/self/status"], core: nil)
            let unpinned = try free.line(within: 10)
            #expect(unpinned.hasSuffix("\t\(core)") == (before.count == 1))
            free.end()
        }
    #endif
}
