import Foundation
import TestSupport
import Testing
import WeaverCore
import WeaverRuntime
import WeaverTesting

@Component
protocol Vault: Sendable {
    func open() async throws -> Int
}

@Implements(Vault.self)
private actor PrivateVault: Vault {
    func open() async throws -> Int { 7 }
}

@Component
protocol Lift: Sendable {
    func ride() async throws
}

/// Never has started, and does not hear of cancellation.
@Implements(Lift.self)
actor StuckLift: Lift {
    func start() async throws { await Task.detached { try? await Task.sleep(for: .seconds(600)) }.value }
    func ride() async throws {}
}

@Component
protocol Cellar: Sendable {
    func visit() async throws
}

struct CellarConfig: Codable, Sendable {
    var folder: String
}

/// Leaves a file when it has started, and another one at the end of its clean-up, which hears of cancellation.
@Implements(Cellar.self)
actor DampCellar: Cellar {
    @Config var config: CellarConfig

    func start() async throws { leave("started") }

    func stop() async throws {
        try await Task.sleep(for: .milliseconds(50))
        leave("closed")
    }

    func visit() async throws {}

    private func leave(_ name: String) {
        _ = FileManager.default.createFile(atPath: config.folder + "/" + name, contents: nil)
    }
}

@Component
protocol Cask: Sendable {
    func tap() async throws
}

@Implements(Cask.self)
actor SlowCask: Cask {
    @Ref var cellar: any Cellar
    func start() async throws { try await Task.sleep(for: .seconds(600)) }
    func tap() async throws {}
}

/// How applications end that are not ready for it, or are used afterwards.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct EndingTests {
    @Test(arguments: .allRunners)
    func `a start that does not hear of its cancellation is not waited for`(runner: WeaverRunner) async throws {
        let error = await #expect(throws: WeaverTestError.self) {
            try await withWeaver(
                runner, components: [StuckLift.self], config: "[weaver]\nreplicas = 1", startTimeout: .seconds(2)
            ) { _ in Issue.record("it runs") }
        }
        guard case .start(let reason, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("WeaverTestingTests.Lift"), "\(reason)")
        #expect(reason.hasSuffix(" did not start within 2.0 seconds"), "\(reason)")
    }

    @Test(arguments: .allRunners)
    func `what has started cleans up when the test is cancelled while others start`(
        runner: WeaverRunner
    ) async throws {
        try await withTemporaryFolder { folder in
            let start = Task {
                try await withWeaver(
                    runner, components: [SlowCask.self],
                    config: "[weaver]\nreplicas = 1\n[Cellar]\nfolder = \"\(folder)\""
                ) { _ in Issue.record("it runs") }
            }
            try await eventually("the cellar starts") { FileManager.default.fileExists(atPath: folder + "/started") }
            start.cancel()
            await #expect(throws: CancellationError.self) { try await start.value }
            #expect(FileManager.default.fileExists(atPath: folder + "/closed"))
        }
    }

    @Test(arguments: .allRunners)
    func `what was kept of an application that has ended answers all the same`(runner: WeaverRunner) async throws {
        let (weaver, hatch) = try await withWeaver(runner, components: [ServingHatch.self]) { weaver in
            (weaver, try weaver.get((any Hatch).self))
        }
        #expect(throws: WeaverTestError.self) { try weaver.get((any Hatch).self) }
        #expect(await weaver.address(ofListener: "hatch") == nil)
        // A plain call needs nothing of the runtime.
        guard runner != .local else { return }
        await #expect(throws: CallError.self) { try await hatch.opened() }
    }

    @Test(arguments: .allRunners)
    func `a private implementation is found by each process`(runner: WeaverRunner) async throws {
        try await withWeaver(runner, components: [PrivateVault.self]) { weaver in
            let vault = try weaver.get((any Vault).self)
            #expect(try await vault.open() == 7)
        }
    }
}
