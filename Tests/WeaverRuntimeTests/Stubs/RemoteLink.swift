import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

/// The way of a call between two processes, without the processes: both stubs, the dispatcher and the RPC, with a loop
/// for either side.
struct RemoteLink<Interface> {
    /// What a `@Ref` holds on the caller's side.
    let reference: Interface
    let client: EventLoop
    let server: EventLoop
}

/// Lends a link to a new implementation `I` of the interface of `D`.
func withRemote<D: ComponentDescriptor, I: Implementation>(
    _ descriptor: D.Type, _ type: I.Type, defaultDeadline: Duration = .seconds(30),
    _ body: (RemoteLink<D.Interface>) async throws -> Void
) async throws {
    let record = I.implementationRecord
    let secret = DeploymentSecret(bytes: [UInt8](repeating: 7, count: DeploymentSecret.size))
    let hello = Hello(
        secret: try #require(secret), version: "test", name: "caller", reachable: [record.component.name])
    try await withLoop { server in
        try await withLoop { client in
            let dispatcher = ComponentDispatcher(loop: server, hosting: [record])
            await dispatcher.start(record, try await ComponentContext.construct(type))
            let listening = try await RPCServer.start(loop: server, hello: hello, dispatcher: dispatcher)
            let peers = RPCPeers(loop: client, hello: hello, decodeError: ErrorRegistry.decodeShared)
            peers.update(component: record.component.name, addresses: [listening.address])
            let transport = ReplicaTransport(
                info: record.component, replicas: peers.replicas(of: record.component.name),
                defaultDeadline: defaultDeadline)
            let stub = record.clientStub(ComponentClient(info: record.component, transport: transport))
            let reference = try #require(stub as? D.Interface)
            do {
                try await body(RemoteLink(reference: reference, client: client, server: server))
            } catch {
                await peers.close()
                await listening.close()
                throw error
            }
            await peers.close()
            await listening.close()
        }
    }
}
