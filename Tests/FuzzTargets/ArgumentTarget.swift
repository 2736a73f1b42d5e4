import WeaverCore

/// A type that contains itself, as users write them: the depth of what arrives is a peer's choice.
private indirect enum Tree: WireCodable, Equatable {
    case leaf(UInt8)
    case fork(Tree, Tree)

    func encode(wire encoder: inout WireEncoder) throws(WireError) {
        try encoder.enter()
        switch self {
        case .leaf(let value):
            encoder.append(0 as UInt8)
            encoder.append(value)
        case .fork(let left, let right):
            encoder.append(1 as UInt8)
            try left.encode(wire: &encoder)
            try right.encode(wire: &encoder)
        }
        encoder.leave()
    }

    init(wire decoder: inout WireDecoder) throws(WireError) {
        try decoder.enter()
        switch try decoder.read(UInt8.self) {
        case 0: self = .leaf(try decoder.read())
        case 1: self = .fork(try Tree(wire: &decoder), try Tree(wire: &decoder))
        case let other: throw WireError(.badValue, "\(other) is no case of Tree")
        }
        decoder.leave()
    }
}

/// A type without content, of which any count takes no bytes.
private struct Nothing: WireCodable, Hashable {
    static var minimumWireSize: Int { 0 }
    func encode(wire encoder: inout WireEncoder) throws(WireError) {}
    init(wire decoder: inout WireDecoder) throws(WireError) {}
}

func checkArguments(_ bytes: [UInt8]) {
    let (type, arguments) = choice(of: bytes)
    switch type % 16 {
    case 0: checkBytes([UInt8].self, arguments)
    case 1: checkBytes(String.self, arguments)
    case 2: checkBytes([Int].self, arguments)
    case 3: checkBytes([Double].self, arguments)
    case 4: checkBytes([String].self, arguments)
    case 5: checkBytes([[UInt16?]].self, arguments)
    case 6: checkBytes(Optional<Bool>.self, arguments)
    case 7: checkBytes(Tree.self, arguments)
    case 8: checkBytes([Tree?].self, arguments)
    case 9: checkBytes(Duration.self, arguments)
    case 10: checkBytes([Nothing].self, arguments)
    case 11: checkValue([String: [Int8]].self, arguments)
    case 12: checkValue(Set<UInt32>.self, arguments)
    case 13: checkValue([Int: Set<String>].self, arguments)
    case 14: checkValue(Set<Nothing>.self, arguments)
    default: checkBytes([[[[UInt8?]]]].self, arguments)
    }
}

/// What decodes encodes to the very bytes it was decoded from.
private func checkBytes<T: WireCodable>(_ type: T.Type, _ bytes: [UInt8]) {
    guard let (value, used) = decode(type, bytes) else { return }
    let encoded = encode(value)
    precondition(encoded == Array(bytes[..<used]), "two encodings of one \(type)")
}

/// What decodes is the same value after another round; sets have no order.
private func checkValue<T: WireCodable & Equatable>(_ type: T.Type, _ bytes: [UInt8]) {
    guard let (value, _) = decode(type, bytes) else { return }
    precondition(decode(type, encode(value))?.value == value, "a \(type) has changed on its way")
}

private func decode<T: WireCodable>(_ type: T.Type, _ bytes: [UInt8]) -> (value: T, used: Int)? {
    unsafe WireDecoder.withDecoder(over: bytes.span.bytes) { wire in
        do throws(WireError) {
            let value = try T(wire: &wire)
            return (value, bytes.count - wire.remaining)
        } catch {
            return nil
        }
    }
}

private func encode<T: WireCodable>(_ value: T) -> [UInt8] {
    var encoder = WireEncoder()
    do throws(WireError) {
        try value.encode(wire: &encoder)
    } catch {
        preconditionFailure("what was decoded cannot be encoded: \(error)")
    }
    return encoder.takeOutput().copyBytes()
}
