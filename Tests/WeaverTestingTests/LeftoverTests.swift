import Foundation
import Synchronization
import TestSupport
import Testing
import WeaverRuntime
import WeaverTesting

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Nothing is left of an application, however its test ends. Each in a process of its own, whose descriptors and
/// children are counted.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct LeftoverTests {
    struct Broken: Error {}

    /// What this process holds.
    private struct Holdings {
        var descriptors: [String]
        var children: [Int32]
        static var now: Holdings {
            Holdings(
                descriptors: LeftoverTests.descriptors,
                children: LeftoverTests.children(of: getpid()))
        }

        /// Nothing is held now that was not held `before`; otherwise the test says what it is.
        static func expect(_ before: Holdings, sourceLocation: Testing.SourceLocation = #_sourceLocation) {
            let now = Holdings.now
            let left = now.descriptors.filter { !before.descriptors.contains($0) }
            #expect(left.isEmpty, "\(left)", sourceLocation: sourceLocation)
            #expect(now.children == before.children, sourceLocation: sourceLocation)
        }
    }

    /// What the open descriptors are, but for the one that looks, and for Dispatch's timers: it makes one for each clock when
    /// that is first asked for, and keeps it.
    private static var descriptors: [String] {
        let folder = "/proc/self/fd/"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.compactMap { name in
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: folder + name) else {
                return nil
            }
            // A file that was inherited may be removed meanwhile by whoever has made it.
            return "\(name): \(target.replacing(" (deleted)", with: ""))"
        }.filter { !$0.hasSuffix("[timerfd]") }.sorted()
    }

    /// The processes whose parent is `process`.
    static func children(of process: Int32) -> [Int32] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap(Int32.init) ?? []
        return all.filter { parent(of: $0) == process }.sorted()
    }

    private static func parent(of process: Int32) -> Int32? {
        // After the name in parentheses: the state, and the parent.
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return nil }
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 1 ? Int32(fields[1]) : nil
    }

    @Test(arguments: .allRunners)
    func `nothing is left after success, an error, and a start that fails`(runner: WeaverRunner) async throws {
        await #expect(processExitsWith: .success) { [runner = runner.rawValue as String] in
            let runner = try #require(WeaverRunner(rawValue: runner))
            // What stays for the whole process is there after the first.
            try await Kitchen.run(runner) { _ in }
            let before = Holdings.now
            try await Kitchen.run(runner) { weaver in
                _ = try await weaver.get((any Waiter).self).order(eggs: 1)
                if runner == .multi { #expect(LeftoverTests.children(of: getpid()).count == 3) }
            }
            Holdings.expect(before)
            await #expect(throws: Broken.self) {
                try await Kitchen.run(runner) { weaver in
                    _ = try await weaver.get((any Waiter).self).order(eggs: 1)
                    throw Broken()
                }
            }
            Holdings.expect(before)
            await #expect(throws: WeaverTestError.self) {
                try await withWeaver(
                    runner, components: [NightCook.self, LockedPantry.self], fakes: [TestLedger()]
                ) { _ in }
            }
            Holdings.expect(before)
        }
    }

    @Test(arguments: .allRunners)
    func `nothing is left of a test that is cancelled, in its body and while components start`(
        runner: WeaverRunner
    ) async throws {
        await #expect(processExitsWith: .success) { [runner = runner.rawValue as String] in
            let runner = try #require(WeaverRunner(rawValue: runner))
            try await Kitchen.run(runner) { _ in }
            let before = Holdings.now
            let ledger = TestLedger()
            let test = Task {
                try await Kitchen.run(runner, ledger: ledger) { weaver in
                    // Whoever calls others while all end is waited for, 10 s at most.
                    try await weaver.get((any Pantry).self).hang(quietly: true)
                }
            }
            try await eventually("the call runs") { !ledger.all.isEmpty }
            test.cancel()
            await #expect(throws: (any Error).self) { try await test.value }
            Holdings.expect(before)
            let start = Task {
                try await withWeaver(
                    runner, components: [SlowPantry.self], fakes: [ledger], config: "[weaver]\nreplicas = 1"
                ) { _ in }
            }
            if runner == .multi {
                try await eventually("the child") { !LeftoverTests.children(of: getpid()).isEmpty }
            }
            start.cancel()
            await #expect(throws: CancellationError.self) { try await start.value }
            Holdings.expect(before)
        }
    }

    @Test func `processes end when the test's own is killed`() async throws {
        try await withTemporaryFolder { folder in
            let file = folder + "/children"
            await #expect(processExitsWith: .signal(SIGKILL)) { [file = file as String] in
                try await Kitchen.run(.multi) { _ in
                    let children = LeftoverTests.children(of: getpid())
                    try children.map(String.init).joined(separator: " ").write(
                        toFile: file, atomically: false, encoding: .utf8)
                    kill(getpid(), SIGKILL)
                }
            }
            let children = try String(contentsOfFile: file, encoding: .utf8).split(separator: " ").compactMap {
                Int32($0)
            }
            #expect(children.count == 3)
            try await eventually("they end: \(children)") { children.allSatisfy { kill($0, 0) != 0 } }
        }
    }

    @Test func `tests run beside each other`() async throws {
        try await withThrowingTaskGroup { group in
            for eggs in 1...2 {
                for runner in WeaverRunner.allCases {
                    group.addTask {
                        try await Kitchen.run(runner) { weaver in
                            let dish = try await weaver.get((any Cook).self).omelette(eggs: eggs)
                            #expect(dish.parts["left"] == 6 - eggs)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    // MARK: What is said

    @Test(arguments: .allRunners)
    func `the log is there for the test to read`(runner: WeaverRunner) async throws {
        try await Kitchen.run(runner) { weaver in
            _ = try await weaver.get((any Waiter).self).order(eggs: 2)
            try await eventually("\(weaver.log)") {
                weaver.log.contains { $0.contains("Cook") && $0.contains("made an omelette eggs=\"2\"") }
            }
        }
    }

    @Test func `a process that dies says so in its log, and is started again`() async throws {
        try await Kitchen.run(.multi) { weaver in
            let pantry = try weaver.get((any Pantry).self)
            await #expect(throws: CallError.self) { try await pantry.crash() }
            try await eventually("\(weaver.log)") { weaver.log.contains { $0.contains("the shelf has come down") } }
            #expect(try await pantry.take(1, of: "egg") == 5)
        }
    }
}
