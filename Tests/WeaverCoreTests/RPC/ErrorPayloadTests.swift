import Testing

@testable import WeaverCore

@Suite struct ErrorPayloadTests {
    private func roundTrip(_ payload: ErrorPayload, extra: [UInt8] = []) throws -> ErrorPayload {
        var encoder = WireEncoder()
        try payload.encode(wire: &encoder)
        for byte in extra { encoder.append(byte) }
        let bytes = encoder.takeOutput().copyBytes()
        return try unsafe WireDecoder.withDecoder(over: bytes.span.bytes) { wire in try ErrorPayload(wire: &wire) }
    }

    @Test func `all three kinds come through`() throws {
        for payload in [
            ErrorPayload.call(CallError(.overloaded, "full", mayHaveRun: false)),
            .call(CallError(.connectionLost, "gone", mayHaveRun: true)),
            .call(CallError(.unreachable, "below").relayed),
            .remote(RemoteError(typeName: "M.E", description: "no")), .user(key: .max),
        ] { #expect(try roundTrip(payload) == payload) }
    }

    @Test func `bytes after the runtime's errors are refused, after a registered one they are its value`() throws {
        #expect(throws: WireError.self) { try roundTrip(.call(CallError(.draining, "")), extra: [1]) }
        #expect(throws: WireError.self) {
            try roundTrip(.remote(RemoteError(typeName: "", description: "")), extra: [1])
        }
        #expect(try roundTrip(.user(key: 3), extra: [1]) == .user(key: 3))
    }

    @Test func `flags that the protocol does not have are refused`() throws {
        let bytes: [UInt8] = [0, 1, 4, 0, 0, 0, 0]
        #expect(throws: WireError.self) {
            try unsafe WireDecoder.withDecoder(over: bytes.span.bytes) { wire in _ = try ErrorPayload(wire: &wire) }
        }
    }

    @Test func `a code of a newer version stays itself`() throws {
        let code = CallError.Code(rawValue: 200)
        #expect(try roundTrip(.call(CallError(code, "new"))) == .call(CallError(code, "new")))
        #expect(code.description == "code 200")
        #expect(CallError.Code.frameTooLarge.description == "frameTooLarge")
    }

    @Test func `a text over the limit is cut between characters`() throws {
        let limit = RPCLimits.maximumErrorTextBytes
        let text = String(repeating: "é", count: limit)
        guard case .remote(let error) = try roundTrip(.remote(RemoteError(typeName: "x", description: text))) else {
            Issue.record("another kind")
            return
        }
        #expect(error.description == String(repeating: "é", count: limit / 2))
        let odd = ErrorPayload.bounded("a" + text)
        #expect(odd.utf8.count == limit - 1)
    }
}
