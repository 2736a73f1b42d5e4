import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

@Suite(.timeLimit(.minutes(1)))
struct DeployerTests {
    private struct Sink: LogSink {
        func write(_ entry: LogEntry) {}
        func flush(within bound: Duration) async {}
    }

    @Test func `a deployment that is stopped before it runs has ended`() async throws {
        let descriptor = AppDescriptor(version: "1", components: [.init(name: "main")])
        try await withLoop { loop in
            let deployer = Deployer(
                loop: loop,
                configuration: .init(
                    plan: DeploymentPlan(application: "a", descriptor: descriptor),
                    program: .init(executable: "/bin/false"),
                    sections: [:], deadline: .seconds(1), deployment: "d"),
                secret: [UInt8](repeating: 1, count: SetupInfo.secretLength), seed: 1, sink: Sink(), wallClock: { 0 })
            deployer.stop()
            let code = try await deployer.run()
            #expect(code == 0)
        }
    }
}
