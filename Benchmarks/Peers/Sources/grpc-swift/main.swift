// grpc-swift-2 over its NIO transport, without TLS, with the settings it comes with: both sides as its own examples are
// written. One connection; calls are tasks of one group.
import CPeer
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Peer

switch Peer.fromCommandLine(about: "grpc-swift-2 2.4.3, grpc-swift-nio-transport 2.9.2") {
case .serve:
    let server = GRPCServer(
        transport: .http2NIOPosix(address: .ipv4(host: "127.0.0.1", port: 0), transportSecurity: .plaintext),
        services: [EchoService()])
    try await withThrowingDiscardingTaskGroup { group in
        group.addTask { try await server.serve() }
        guard let address = try await server.listeningAddress?.ipv4 else { peer_fail("the server has no address") }
        peer_ready_on_port(Int32(address.port))
    }
case .run(let run):
    let transport = try HTTP2ClientTransport.Posix.http2NIOPosix(
        target: .ipv4(address: "127.0.0.1", port: run.port), transportSecurity: .plaintext)
    try await withGRPCClient(transport: transport) { client in
        peer_start_stopwatch()
        try await withThrowingDiscardingTaskGroup { group in
            for number in 0..<run.inFlight {
                group.addTask {
                    var lane = Lane(number, countsOnOneThread: false)
                    try await lane.call(run.payload) { payload in
                        try await client.unary(
                            request: ClientRequest(message: payload), descriptor: EchoService.method,
                            serializer: BytesCoder(), deserializer: BytesCoder(), options: .defaults
                        ) { try $0.message }
                    }
                }
            }
        }
    }
}
