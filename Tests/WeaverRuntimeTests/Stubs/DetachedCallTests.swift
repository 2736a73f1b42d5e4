import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

/// A deadline holds whatever becomes of the loop whose timer would see to it.
@Suite(.timeLimit(.minutes(1)))
struct DetachedCallTests {
    private func expectExceeded(_ call: () async throws -> Void) async {
        let error = await #expect(throws: CallError.self) { try await call() }
        #expect(error?.code == .deadlineExceeded)
    }

    @Test func `a loop that has ended before the call does not take its deadline with it`() async throws {
        let loop = try EventLoop(name: "ended")
        await loop.end()
        await expectExceeded {
            try await DetachedCall.onLoop(loop).run(within: .milliseconds(20)) {
                try await Task.sleep(for: .seconds(600))
            }
        }
    }

    @Test func `a loop that ends during the call does not take its deadline with it`() async throws {
        let loop = try EventLoop(name: "ended")
        let began = Promise<Void>()
        let call = Task {
            try await DetachedCall.onLoop(loop).run(within: .milliseconds(300)) {
                began.fulfil(())
                try await Task.sleep(for: .seconds(600))
            }
        }
        await began.wait()
        await loop.end()
        await expectExceeded { try await call.value }
    }
}
