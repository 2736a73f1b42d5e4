import TestSupport
import Testing

@testable import WeaverCore
@testable import WeaverLoop
@testable import WeaverRuntime

@Suite struct ReplicaTransportTests {
    @Test(.timeLimit(.minutes(1)))
    func `a call that is made again has no more time than it had at first`() async throws {
        try await withLoop { loop in
            let secret = try #require(DeploymentSecret(bytes: [UInt8](repeating: 1, count: DeploymentSecret.size)))
            let peers = RPCPeers(loop: loop, hello: Hello(secret: secret, version: "1", name: "test", reachable: []))
            let transport = ReplicaTransport(
                info: ShopComponent.info, replicas: peers.replicas(of: ShopComponent.info.name),
                defaultDeadline: .seconds(5))
            let failed = CallError(.overloaded, "too much").from(.ip("127.0.0.1", port: 1))
            let start = MonotonicTime(nanoseconds: loop.now.nanoseconds - 10_000_000_000)
            // With time left it would look for a replica, of which there is none.
            await #expect(throws: failed) {
                try await transport.again(
                    after: failed, 0, routingKey: nil, start: start, watch: nil, encode: { _ in }, decode: { _ in })
            }
            await peers.close()
        }
    }
}
