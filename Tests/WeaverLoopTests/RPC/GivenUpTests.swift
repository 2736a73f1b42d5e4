import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

@Suite(.timeLimit(.minutes(1)))
struct GivenUpTests {
    @Test func `calls to a component that is given up fail at once, those that wait already, too`() async throws {
        try await withLoop { loop in
            let secret = try #require(DeploymentSecret(bytes: [UInt8](repeating: 1, count: DeploymentSecret.size)))
            let peers = RPCPeers(loop: loop, hello: Hello(secret: secret, version: "1", name: "test", reachable: []))
            let set = peers.replicas(of: "Echo")
            let waiting = Task { try await call(set) }
            set.setGivenUp(true)
            for task in [waiting, Task { try await call(set) }] {
                let error = await #expect(throws: CallError.self) { try await task.value }
                #expect(error?.code == .unreachable && error?.mayHaveRun == false)
                #expect(error?.message.contains("given up") == true)
            }
            await peers.close()
        }
    }

    private func call(_ set: ReplicaSet) async throws {
        try await set.call(
            MethodKey(rawValue: 1), context: CallContext(), isIdempotent: true, encode: { _ in }, decode: { _ in })
    }
}
