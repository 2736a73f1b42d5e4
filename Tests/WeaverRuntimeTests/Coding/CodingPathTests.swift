import FoundationEssentials
import Testing
import WeaverCore
import WeaverRuntime

/// Travels as JSON: it is only `Codable`.
struct OnlyCodable: Codable, Hashable, Sendable {
    var value = 1
}

/// Travels by the fast codec.
@Serializable
struct OnlyFast: Hashable {
    var value = 1
}

/// Is both, and has to travel by the fast codec.
@Serializable
struct Both: Codable, Hashable {
    var value = 1
}

@Serializable
enum Tree: Equatable {
    case leaf
    indirect case node(Tree, label: String, Tree)
}

@Serializable
struct Field<T: Equatable & Sendable>: Equatable {
    var value: T
}

@Serializable
struct CodableField: Equatable {
    var before: UInt8
    var bare: OnlyCodable
    var list: [OnlyCodable]
    var name: String?
}

/// Takes a value through the overloads that generated code calls with its type, and gives the bytes.
private func trip<T: Equatable>(
    _ value: T, _ write: (T, inout WireEncoder) throws -> Void, _ read: (inout WireDecoder) throws -> T
) throws -> [UInt8] {
    var encoder = WireEncoder()
    try write(value, &encoder)
    let bytes = encoder.takeOutput().copyBytes()
    let result = try WireDecoder.withDecoder(over: unsafe bytes.span.bytes) { wire in
        let result = try read(&wire)
        try wire.finish()
        return result
    }
    #expect(result == value)
    return bytes
}

/// Whether bytes are a length and JSON. No value of these tests starts so in the fast codec.
private func isJSON(_ bytes: [UInt8]) -> Bool {
    bytes.count > 4 && [UInt8(ascii: "{"), UInt8(ascii: "[")].contains(bytes[4])
}

private func expectFast<T: Equatable>(
    _ value: T, _ write: (T, inout WireEncoder) throws -> Void, _ read: (inout WireDecoder) throws -> T
) throws {
    #expect(try !isJSON(trip(value, write, read)), "\(T.self) took the path of Codable")
}

private func expectJSON<T: Equatable>(
    _ value: T, _ write: (T, inout WireEncoder) throws -> Void, _ read: (inout WireDecoder) throws -> T
) throws {
    #expect(try isJSON(trip(value, write, read)), "\(T.self) did not take the path of Codable")
}

@Suite("which codec a type takes: alone, optional, in each container and as a field")
struct CodingPathTests {
    @Test func fastInt() throws {
        let value: Int = 7
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(value as Int?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<Int>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastInt8() throws {
        let value: Int8 = -7
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(value as Int8?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<Int8>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastInt16() throws {
        let value: Int16 = 7
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(value as Int16?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<Int16>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastInt32() throws {
        let value: Int32 = 7
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(value as Int32?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<Int32>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastInt64() throws {
        let value: Int64 = 7
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(value as Int64?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<Int64>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastUInt() throws {
        let value: UInt = 7
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(value as UInt?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<UInt>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastUInt8() throws {
        let value: UInt8 = 7
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(value as UInt8?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<UInt8>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastUInt16() throws {
        let value: UInt16 = 7
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(value as UInt16?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<UInt16>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastUInt32() throws {
        let value: UInt32 = 7
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(value as UInt32?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<UInt32>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastUInt64() throws {
        let value: UInt64 = 7
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(value as UInt64?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<UInt64>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastBool() throws {
        let value: Bool = true
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(value as Bool?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<Bool>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastFloat() throws {
        let value: Float = 1.5
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(value as Float?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<Float>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastDouble() throws {
        let value: Double = 1.5
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(value as Double?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<Double>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastString() throws {
        let value: String = "Grüße"
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(value as String?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<String>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastBytes() throws {
        let value: [UInt8] = [1, 2, 3]
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            value as [UInt8]?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<[UInt8]>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastDate() throws {
        let value: Date = Date(timeIntervalSinceReferenceDate: 1)
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(value as Date?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<Date>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastUUID() throws {
        let value: UUID = UUID()
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(value as UUID?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<UUID>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastDuration() throws {
        let value: Duration = Duration.milliseconds(1500)
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            value as Duration?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<Duration>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastData() throws {
        let value: Data = Data([1, 2])
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(value as Data?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<Data>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastURL() throws {
        let value: URL = URL(filePath: "/x/y")
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(value as URL?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<URL>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastDecimal() throws {
        let value: Decimal = Decimal(125) / 100
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            value as Decimal?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<Decimal>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastOnlyFast() throws {
        let value: OnlyFast = OnlyFast()
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            value as OnlyFast?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<OnlyFast>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastBoth() throws {
        let value: Both = Both()
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(value as Both?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            [value] as Set<Both>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test func fastTree() throws {
        let value: Tree = Tree.node(.leaf, label: "a", .leaf)
        try expectFast(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(value as Tree?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectFast(
            Field(value: value), { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test("a type that is only Codable travels whole, also in containers")
    func codable() throws {
        let value = OnlyCodable()
        try expectJSON(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectJSON(
            value as OnlyCodable?, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectJSON([value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectJSON(["k": value], { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
        try expectJSON(
            [value] as Set<OnlyCodable>, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }

    @Test("a value nested deeper than the limit is an error, not a crash")
    func depth() throws {
        var tree = Tree.leaf
        for _ in 0...WireLimits.nestingDepth { tree = .node(tree, label: "", .leaf) }
        var encoder = WireEncoder()
        let error = #expect(throws: WireError.self) { try tree.encode(wire: &encoder) }
        #expect(error?.code == .tooDeep)
        let hostile = [UInt8](repeating: 1, count: 1000)
        let refused = #expect(throws: WireError.self) {
            _ = try WireDecoder.withDecoder(over: unsafe hostile.span.bytes) { wire throws(WireError) in
                try Tree(wire: &wire)
            }
        }
        #expect(refused?.code == .tooDeep)
    }

    @Test("an unknown case is an error")
    func unknownCase() {
        let bytes: [UInt8] = [9]
        #expect(throws: WireError.self) {
            _ = try WireDecoder.withDecoder(over: unsafe bytes.span.bytes) { wire throws(WireError) in
                try Tree(wire: &wire)
            }
        }
    }

    @Test("a struct whose fields take different paths")
    func mixedFields() throws {
        let value = CodableField(before: 1, bare: OnlyCodable(), list: [OnlyCodable(value: 2)], name: "x")
        _ = try trip(value, { try WireCoding.encode($0, into: &$1) }, { try WireCoding.decode(from: &$0) })
    }
}
