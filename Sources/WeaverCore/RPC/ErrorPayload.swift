// The payload of an error frame: a tag, then
//
//     0  u8 code, u8 flags, message                 the runtime's: CallError; flag 1: may have run, 2: relayed
//     1  type name, description                     a component's, of an unregistered type: RemoteError
//     2  u64 type key, then the value's own bytes   a component's, of a type registered with the interface

/// How a call failed, as it stands on the wire.
package enum ErrorPayload: Equatable, Sendable {
    /// The runtime failed.
    case call(CallError)
    /// The component threw an error whose type is not registered.
    case remote(RemoteError)
    /// The component threw an error of the registered type with that key; the decoder stands at its bytes.
    case user(key: UInt64)

    private static let mayHaveRun: UInt8 = 1
    private static let isRelayed: UInt8 = 2

    /// Writes the payload; the bytes of a `user` error follow by the caller.
    package func encode(wire: inout WireEncoder) throws(WireError) {
        switch self {
        case .call(let error):
            wire.append(0 as UInt8)
            wire.append(error.code.rawValue)
            wire.append((error.mayHaveRun ? Self.mayHaveRun : 0) | (error.isRelayed ? Self.isRelayed : 0))
            try Self.bounded(error.message).encode(wire: &wire)
        case .remote(let error):
            wire.append(1 as UInt8)
            try Self.bounded(error.typeName).encode(wire: &wire)
            try Self.bounded(error.description).encode(wire: &wire)
        case .user(let key):
            wire.append(2 as UInt8)
            wire.append(key)
        }
    }

    /// Reads the payload; after `user` the decoder stands at the value's bytes, otherwise at the end.
    package init(wire: inout WireDecoder) throws(WireError) {
        switch try wire.read(UInt8.self) {
        case 0:
            let code = CallError.Code(rawValue: try wire.read(UInt8.self))
            let flags = try wire.read(UInt8.self)
            guard flags & ~(Self.mayHaveRun | Self.isRelayed) == 0 else {
                throw WireError(.badValue, "an error has the flags \(flags)")
            }
            let error = CallError(code, try String(wire: &wire), mayHaveRun: flags & Self.mayHaveRun != 0)
            self = .call(flags & Self.isRelayed != 0 ? error.relayed : error)
            try wire.finish()
        case 1:
            self = .remote(
                RemoteError(typeName: try String(wire: &wire), description: try String(wire: &wire)))
            try wire.finish()
        case 2:
            self = .user(key: try wire.read(UInt64.self))
        case let other:
            throw WireError(.badValue, "an error has the tag \(other)")
        }
    }

    /// The payload of an error of the runtime.
    package static func bytes(of error: CallError) -> [UInt8] {
        var output = OutputBuffer()
        // Its text is bounded, so this cannot fail.
        try? output.withEncoder { wire throws(WireError) in try ErrorPayload.call(error).encode(wire: &wire) }
        return output.copyBytes()
    }

    /// At most ``RPCLimits/maximumErrorTextBytes`` of `text`, cut between characters.
    static func bounded(_ text: String) -> String {
        guard text.utf8.count > RPCLimits.maximumErrorTextBytes else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: RPCLimits.maximumErrorTextBytes)
        while end > text.startIndex, end.samePosition(in: text) == nil { end = text.utf8.index(before: end) }
        return String(text[..<end])
    }
}
