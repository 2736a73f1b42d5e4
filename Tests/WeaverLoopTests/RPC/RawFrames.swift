import WeaverCore

@testable import WeaverLoop

/// A frame as it lies on the wire.
func rawFrame(_ kind: FrameKind = .request, id: UInt64, _ payload: [UInt8]) -> [UInt8] {
    var output = OutputBuffer()
    output.append(id)
    output.append(UInt64(kind.rawValue) | UInt64(payload.count) << 8)
    output.append(payload)
    return output.copyBytes()
}

/// The hello of a client.
func rawHello(_ hello: Hello) throws -> [UInt8] {
    rawFrame(.hello, id: 0, try rawBytes { wire throws(WireError) in try hello.encode(wire: &wire) })
}

/// What `encode` writes.
func rawBytes(_ encode: (inout WireEncoder) throws(WireError) -> Void) throws -> [UInt8] {
    var output = OutputBuffer()
    try output.withEncoder { wire throws(WireError) in try encode(&wire) }
    return output.copyBytes()
}

/// The codes of the error frames in `bytes`, by their ids; 0 is why a connection ends.
func rawErrors(in bytes: [UInt8]) -> [UInt64: CallError.Code] {
    var decoder = FrameDecoder(maximumLength: 1 << 20)
    var found: [UInt64: CallError.Code] = [:]
    try? unsafe decoder.feed(bytes.span.bytes) { header, payload in
        guard header.kind == .error else { return true }
        let error = WireDecoder.withDecoder(over: payload) { wire in try? ErrorPayload(wire: &wire) }
        if case .call(let error)? = error { found[header.id] = error.code }
        return true
    }
    return found
}
