import GRPCCore

/// What `service Echo { rpc bytes(Message) returns (Message) }` would be compiled to, but for the message: that is the
/// bytes themselves, so no protobuf is part of what is measured.
struct EchoService: RegistrableRPCService {
    static let method = MethodDescriptor(fullyQualifiedService: "Echo", method: "bytes")

    func bytes(_ request: ServerRequest<[UInt8]>, context: ServerContext) async throws -> ServerResponse<[UInt8]> {
        ServerResponse(message: request.message)
    }

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.registerHandler(forMethod: Self.method, deserializer: BytesCoder(), serializer: BytesCoder()) {
            request, context in
            let response = try await bytes(ServerRequest(stream: request), context: context)
            return StreamingServerResponse(single: response)
        }
    }
}

/// The message is its bytes.
struct BytesCoder: MessageSerializer, MessageDeserializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes { Bytes(message) }

    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] {
        bytes.withUnsafeBytes { [UInt8]($0) }
    }
}
