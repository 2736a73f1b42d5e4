import Testing

@testable import WeaverCore

@Suite struct WireCodingTests {
    private func roundTrip<T: WireCodable & Equatable>(
        _ value: T, bytes expected: [UInt8]? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let bytes = try encoded(value)
        if let expected { #expect(bytes == expected, sourceLocation: sourceLocation) }
        #expect(bytes.count >= T.minimumWireSize, sourceLocation: sourceLocation)
        #expect(try decoded(T.self, bytes) == value, sourceLocation: sourceLocation)
        for count in 0..<bytes.count {
            #expect(throws: WireError.self, sourceLocation: sourceLocation) {
                try decoded(T.self, Array(bytes[..<count]))
            }
        }
        let error = #expect(throws: WireError.self, sourceLocation: sourceLocation) {
            try decoded(T.self, bytes + [0])
        }
        #expect(error?.code == .trailingBytes, sourceLocation: sourceLocation)
    }

    @Test func `integers of every width keep their extremes, little-endian`() throws {
        try roundTrip(Int8.min)
        try roundTrip(UInt8.max)
        try roundTrip(Int16.min)
        try roundTrip(0x0102 as UInt16, bytes: [2, 1])
        try roundTrip(Int32.min)
        try roundTrip(UInt32.max)
        try roundTrip(-2 as Int64, bytes: [0xfe] + [UInt8](repeating: 0xff, count: 7))
        try roundTrip(UInt64.max)
        try roundTrip(Int.min)
        try roundTrip(UInt.max)
        try roundTrip(Int128.min)
        try roundTrip(UInt128.max)
    }

    @Test func `floating point keeps every bit, signs of zero and payloads of NaN included`() throws {
        try roundTrip(Double.leastNonzeroMagnitude)
        try roundTrip(-Float.infinity)
        #expect(try decoded(Double.self, try encoded(-0.0)).sign == .minus)
        let nan = Double(nan: 42, signaling: false)
        #expect(try decoded(Double.self, try encoded(nan)).bitPattern == nan.bitPattern)
    }

    @Test func `text, containers and durations come through`() throws {
        try roundTrip(true, bytes: [1])
        try roundTrip("", bytes: [0, 0, 0, 0])
        try roundTrip("a\u{0}é👩‍👩‍👧 long enough not to be small")
        try roundTrip([1, 2] as [UInt8], bytes: [2, 0, 0, 0, 1, 2])
        try roundTrip([Int.min, 0, Int.max])
        try roundTrip([1.5, -0.0] as [Double])
        try roundTrip([1.5] as [Float])
        try roundTrip([UInt128.max, 1])
        try roundTrip([true, false])
        try roundTrip(["a", "", "c"])
        try roundTrip([[1], [], [2, 3]] as [[Int16]])
        try roundTrip(["x": [1], "y": nil] as [String: [Int]?])
        try roundTrip(Set(["a", "b"]))
        try roundTrip(String?.none, bytes: [0])
        try roundTrip(Int?.some(1) as Int??)
        try roundTrip(Duration.seconds(-3) - .nanoseconds(5))
    }

    @Test func `durations of more seconds than 64 bits can say come through`() throws {
        try roundTrip(Duration(attoseconds: .max))
        try roundTrip(Duration(attoseconds: .min))
    }

    @Test(
        arguments: [[0xc3, 0x28], [0xff], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf4, 0x90, 0x80, 0x80]] as [[UInt8]])
    func `invalid UTF-8 is refused and never repaired`(_ bytes: [UInt8]) throws {
        let error = #expect(throws: WireError.self) { try decoded(String.self, try encoded(bytes)) }
        #expect(error?.code == .invalidUTF8)
    }

    @Test func `a count that the bytes cannot hold is refused before anything is allocated`() {
        let huge: [UInt8] = [0xff, 0xff, 0xff, 0xff, 1, 2, 3]
        func code<T: WireCodable>(_ type: T.Type) -> WireError.Code? {
            do throws(WireError) {
                _ = try decoded(type, huge)
                return nil
            } catch {
                return error.code
            }
        }
        #expect(code([UInt8].self) == .badCount)
        #expect(code([Int].self) == .badCount)
        #expect(code([String].self) == .badCount)
        #expect(code([[Int]].self) == .badCount)
        #expect(code(Set<Int>.self) == .badCount)
        #expect(code([Int: Int].self) == .badCount)
        #expect(code(String.self) == .badCount)
    }

    @Test func `a large element with few bytes on the wire does not reserve memory by the count`() throws {
        // 4 KiB each in memory, one byte each on the wire: the count alone would ask for 4 GiB. The first element is
        // no element at all, so that what refuses has to have done so before room was made.
        let count = 1 << 20
        let bytes = [0, 0, 0x10, 0] + [UInt8](repeating: 2, count: count)
        let error = #expect(throws: WireError.self) { try decoded([Large?].self, bytes) }
        #expect(error?.code == .tooLarge)
    }

    @Test func `the elements of a message may take as much memory as its bytes grant, and no more`() throws {
        let stride = MemoryLayout<Large?>.stride
        // Nils of one byte each, and four bytes of count.
        func grants(_ count: Int) -> Bool { count * stride <= WireLimits.decodedMemory(of: count + 4) }
        let most = try #require((0..<1000).last(where: grants))
        #expect(!grants(most + 1))
        #expect(try decoded([Large?].self, nils(most)).count == most)
        let error = #expect(throws: WireError.self) { try decoded([Large?].self, nils(most + 1)) }
        #expect(error?.code == .tooLarge)
    }

    @Test func `elements without bytes take from the memory of the message, not of their container`() throws {
        // Four bytes of count each; an empty value takes a byte of memory, an array its pointer.
        let byCount = WireLimits.decodedMemory(of: 8) - MemoryLayout<[Empty]>.stride
        let empties = { (count: Int) in [Empty](repeating: Empty(), count: count) }
        #expect(try decoded([[Empty]].self, try encoded([empties(byCount)])).first?.count == byCount)
        let one = #expect(throws: WireError.self) { try decoded([[Empty]].self, try encoded([empties(byCount + 1)])) }
        #expect(one?.code == .tooLarge)
        let two = #expect(throws: WireError.self) {
            try decoded([[Empty]].self, try encoded([empties(byCount), empties(byCount)]))
        }
        #expect(two?.code == .tooLarge)
        let set: [UInt8] = [0xff, 0xff, 0xff, 0xff]
        #expect(throws: WireError.self) { try decoded(Set<Empty>.self, set) }
        #expect(throws: WireError.self) { try decoded([Empty: Empty].self, set) }
    }

    @Test func `small values without content pass at every length`() throws {
        try roundTrip([Bool?](repeating: nil, count: 3))
        let count = 40_000
        let none = [Wide](repeating: .none, count: count)
        #expect(MemoryLayout<Wide>.stride <= WireLimits.decodedMemoryPerByte)
        #expect(try decoded([Wide].self, try encoded(none)).count == count)
    }

    private func nils(_ count: Int) throws -> [UInt8] { try encoded([Large?](repeating: nil, count: count)) }

    @Test(arguments: [[2], [0xff]] as [[UInt8]])
    func `tags that a type does not have are refused`(_ bytes: [UInt8]) {
        #expect(throws: WireError.self) { try decoded(Bool.self, bytes) }
        #expect(throws: WireError.self) { try decoded(Int8?.self, bytes + [0]) }
    }

    @Test func `an element or a key that comes twice is refused`() throws {
        let twice = try encoded([1, 1])
        #expect(throws: WireError.self) { try decoded(Set<Int>.self, twice) }
        let pairs: [UInt8] = [2, 0, 0, 0, 1, 5, 1, 6]
        #expect(throws: WireError.self) { try decoded([UInt8: UInt8].self, pairs) }
    }

    @Test func `nesting of the limit passes, one more is refused by both sides`() throws {
        let most = WireLimits.nestingDepth
        #expect(try decoded(Nest.self, try encoded(Nest(depth: most))).depth == most)
        let encoding = #expect(throws: WireError.self) { try encoded(Nest(depth: most + 1)) }
        #expect(encoding?.code == .tooDeep)
        let decoding = #expect(throws: WireError.self) {
            try decoded(Nest.self, [UInt8](repeating: 1, count: most + 1) + [0])
        }
        #expect(decoding?.code == .tooDeep)
    }
}

private struct Empty: WireCodable, Hashable {
    static var minimumWireSize: Int { 0 }
    init() {}
    init(wire: inout WireDecoder) throws(WireError) {}
    func encode(wire: inout WireEncoder) throws(WireError) {}
}

private struct Large: WireCodable {
    var storage = [512 of Int](repeating: 0)
    init(wire: inout WireDecoder) throws(WireError) { storage[0] = try wire.read(Int.self) }
    func encode(wire: inout WireEncoder) throws(WireError) { wire.append(storage[0]) }
}

/// As large in memory as the budget of a byte.
private enum Wide: WireCodable {
    case none
    case some([15 of Int])

    init(wire: inout WireDecoder) throws(WireError) {
        self = try Bool(wire: &wire) ? .some(.init(repeating: 0)) : .none
    }
    func encode(wire: inout WireEncoder) throws(WireError) { try false.encode(wire: &wire) }
}

private indirect enum Nest: WireCodable {
    case end
    case more(Nest)

    init(depth: Int) { self = depth == 0 ? .end : .more(Nest(depth: depth - 1)) }

    var depth: Int {
        var depth = 0
        var next = self
        while case .more(let inner) = next {
            depth += 1
            next = inner
        }
        return depth
    }

    init(wire: inout WireDecoder) throws(WireError) {
        guard try Bool(wire: &wire) else {
            self = .end
            return
        }
        try wire.enter()
        self = .more(try Nest(wire: &wire))
        wire.leave()
    }

    func encode(wire: inout WireEncoder) throws(WireError) {
        guard case .more(let inner) = self else { return try false.encode(wire: &wire) }
        try true.encode(wire: &wire)
        try wire.enter()
        try inner.encode(wire: &wire)
        wire.leave()
    }
}

private func encoded<T: WireCodable>(_ value: T) throws(WireError) -> [UInt8] {
    var encoder = WireEncoder()
    try value.encode(wire: &encoder)
    return encoder.takeOutput().copyBytes()
}

private func decoded<T: WireCodable>(_ type: T.Type, _ bytes: [UInt8]) throws(WireError) -> T {
    try unsafe WireDecoder.withDecoder(over: bytes.span.bytes) { wire throws(WireError) in
        let value = try T(wire: &wire)
        try wire.finish()
        return value
    }
}
