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

    private func deployer(_ loop: EventLoop) -> Deployer {
        let descriptor = AppDescriptor(version: "1", components: [.init(name: "main")])
        return Deployer(
            loop: loop,
            configuration: .init(
                plan: DeploymentPlan(application: "a", descriptor: descriptor),
                program: .init(executable: "/bin/false"),
                sections: [:], deadline: .seconds(1), deployment: "d"),
            secret: [UInt8](repeating: 1, count: SetupInfo.secretLength), seed: 1, sink: Sink(), wallClock: { 0 })
    }

    @Test func `a deployment on a loop that has ended says so, and has measured nothing`() async throws {
        let loop = try EventLoop(name: "ended")
        await loop.end()
        let deployer = deployer(loop)
        await #expect(throws: EventLoop.Ended.self) { try await deployer.run() }
        let measured = await deployer.currentMeasurements()
        #expect(measured.metrics.isEmpty)
    }

    @Test func `a deployment that is stopped before it runs has ended`() async throws {
        try await withLoop { loop in
            let deployer = deployer(loop)
            deployer.stop()
            let code = try await deployer.run()
            #expect(code == 0)
        }
    }
}
