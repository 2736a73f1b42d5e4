import FoundationEssentials
import Synchronization
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
enum Tree: Hashable {
    case leaf
    indirect case node(Tree, label: String, Tree)
}

/// A value in every place where its type can stand.
private struct Places<Value: Hashable & Sendable> {
    var bare: Value
    var optional: Value? { bare }
    var list: [Value] { [bare, bare] }
    var named: [String: Value] { ["k": bare] }
    var keyed: [Value: Int] { [bare: 1] }
    var set: Set<Value> { [bare] }
    var options: [Value?] { [nil, bare] }

    func fields<Fields: FieldPlaces>(_ type: Fields.Type) -> Fields where Fields.Value == Value {
        Fields(
            bare: bare, optional: optional, list: list, named: named, keyed: keyed, set: set, options: options)
    }
}

extension Places where Value: WireCodable {
    /// What the fast codec makes of all places, one after the other.
    var fast: [UInt8] {
        get throws {
            try fastBytes(bare) + fastBytes(optional) + fastBytes(list) + fastBytes(named) + fastBytes(keyed)
                + fastBytes(set) + fastBytes(options)
        }
    }
}

extension Places where Value: Codable {
    /// What `Codable` makes of all places, each whole.
    var json: [UInt8] {
        get throws {
            try jsonBytes(bare) + jsonBytes(optional) + jsonBytes(list) + jsonBytes(named) + jsonBytes(keyed)
                + jsonBytes(set) + jsonBytes(options)
        }
    }
}

/// The bytes of the fast codec, whatever overload the type would choose.
private func fastBytes(_ value: some WireCodable) throws -> [UInt8] {
    var encoder = WireEncoder()
    try value.encode(wire: &encoder)
    return encoder.takeOutput().copyBytes()
}

/// A length and JSON.
private func jsonBytes(_ value: some Encodable) throws -> [UInt8] {
    let json = try JSONEncoder().encode(value)
    return try fastBytes([UInt8](json))
}

private func decoded<T: WireCodable>(_ type: T.Type, from bytes: [UInt8]) throws(WireError) -> T {
    try WireDecoder.withDecoder(over: unsafe bytes.span.bytes) { wire throws(WireError) in
        let value = try T(wire: &wire)
        try wire.finish()
        return value
    }
}

/// Answers every call with its own arguments, and keeps their bytes.
private final class Echo: ComponentTransport {
    private let sent = Mutex<[UInt8]>([])

    /// The arguments of the last call.
    var bytes: [UInt8] { sent.withLock { $0 } }

    func begin(
        _ method: Int, routingKey: UInt64?, now: MonotonicTime,
        encode: (inout WireEncoder) throws(WireError) -> Void, receiver: ReplyReceiver
    ) -> CallWatch? {
        var encoder = WireEncoder()
        do throws(WireError) {
            try encode(&encoder)
        } catch {
            receiver.fail(error)
            return nil
        }
        let bytes = encoder.takeOutput().copyBytes()
        sent.withLock { $0 = bytes }
        WireDecoder.withDecoder(over: unsafe bytes.span.bytes) { wire in receiver.succeed(&wire) }
        return nil
    }

    nonisolated(nonsending)
        func again<R: Sendable>(
            after error: any Error, _ method: Int, routingKey: UInt64?, start: MonotonicTime, watch: CallWatch?,
            encode: @Sendable (inout WireEncoder) throws(WireError) -> Void,
            decode: @escaping @Sendable (inout WireDecoder) throws(WireError) -> R
        ) async throws -> R
    {
        throw error
    }
}

@Suite("which codec a type takes: alone, in each container, as argument, as result and as a field")
struct CodingPathTests {
    private let echo = Echo()
    private var passage: any Passage {
        PassageComponent.clientStub(ComponentClient(info: PassageComponent.info, transport: echo), nil)
    }

    private typealias Method<T: Hashable> =
        (T, T?, [T], [String: T], [T: Int], Set<T>, [T?]) async throws -> (
            T, T?, [T], [String: T], [T: Int], Set<T>, [T?]
        )

    private func expectFast<T: WireCodable & Hashable & Sendable, Fields: FieldPlaces & WireCodable>(
        _ value: T, _ fields: Fields.Type, _ method: Method<T>,
        sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) async throws where Fields.Value == T {
        try await expect(Places(bare: value).fast, value, fields, method, sourceLocation)
    }

    private func expectJSON<T: Codable & Hashable & Sendable, Fields: FieldPlaces & WireCodable>(
        _ value: T, _ fields: Fields.Type, _ method: Method<T>,
        sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) async throws where Fields.Value == T {
        try await expect(Places(bare: value).json, value, fields, method, sourceLocation)
    }

    private func expect<T: Hashable & Sendable, Fields: FieldPlaces & WireCodable>(
        _ bytes: [UInt8], _ value: T, _ type: Fields.Type, _ method: Method<T>,
        _ sourceLocation: Testing.SourceLocation
    ) async throws where Fields.Value == T {
        let places = Places(bare: value)
        let (bare, optional, list, named, keyed, set, options) = try await method(
            places.bare, places.optional, places.list, places.named, places.keyed, places.set, places.options)
        #expect(echo.bytes == bytes, "arguments of \(T.self)", sourceLocation: sourceLocation)
        let fields = places.fields(type)
        let result = Fields(
            bare: bare, optional: optional, list: list, named: named, keyed: keyed, set: set, options: options)
        #expect(result == fields, "result of \(T.self)", sourceLocation: sourceLocation)
        #expect(try fastBytes(fields) == bytes, "fields of \(T.self)", sourceLocation: sourceLocation)
        #expect(try decoded(type, from: bytes) == fields, "fields of \(T.self)", sourceLocation: sourceLocation)
    }

    @Test("fast types, and those that are both, travel by the fast codec everywhere")
    func fast() async throws {
        let passage = passage
        try await expectFast(7 as Int, IntFields.self, passage.int)
        try await expectFast(-7 as Int8, Int8Fields.self, passage.int8)
        try await expectFast(-300 as Int16, Int16Fields.self, passage.int16)
        try await expectFast(70_000 as Int32, Int32Fields.self, passage.int32)
        try await expectFast(-7 as Int64, Int64Fields.self, passage.int64)
        try await expectFast(Int128.max, Int128Fields.self, passage.int128)
        try await expectFast(7 as UInt, UIntFields.self, passage.uInt)
        try await expectFast(7 as UInt8, UInt8Fields.self, passage.uInt8)
        try await expectFast(300 as UInt16, UInt16Fields.self, passage.uInt16)
        try await expectFast(70_000 as UInt32, UInt32Fields.self, passage.uInt32)
        try await expectFast(UInt64.max, UInt64Fields.self, passage.uInt64)
        try await expectFast(UInt128.max, UInt128Fields.self, passage.uInt128)
        try await expectFast(true as Bool, BoolFields.self, passage.bool)
        try await expectFast(1.5 as Float, FloatFields.self, passage.float)
        try await expectFast(-2.5 as Double, DoubleFields.self, passage.double)
        try await expectFast("text", StringFields.self, passage.string)
        try await expectFast([1, 2, 3] as [UInt8], BytesFields.self, passage.bytes)
        try await expectFast(Duration.milliseconds(1500), DurationFields.self, passage.duration)
        try await expectFast(Date(timeIntervalSinceReferenceDate: 1.25), DateFields.self, passage.date)
        try await expectFast(UUID(), UUIDFields.self, passage.uuid)
        try await expectFast(Data([1, 2, 3]), DataFields.self, passage.data)
        let url = try #require(URL(string: "http://example.org/a?b"))
        try await expectFast(url, URLFields.self, passage.url)
        try await expectFast(12.5 as Decimal, DecimalFields.self, passage.decimal)
        try await expectFast(OnlyFast(), OnlyFastFields.self, passage.onlyFast)
        try await expectFast(Both(), BothFields.self, passage.both)
        try await expectFast(Tree.node(.leaf, label: "a", .leaf), TreeFields.self, passage.tree)
    }

    @Test("a type that is only Codable travels whole everywhere, also in containers and as a field")
    func codable() async throws {
        try await expectJSON(OnlyCodable(), OnlyCodableFields.self, passage.onlyCodable)
    }

    @Test("tuples are taken apart at every depth, and each part takes its own path")
    func tuples() async throws {
        let pairs = [Both(value: 3): OnlyCodable(value: 4)]
        let date = Date(timeIntervalSinceReferenceDate: 2)
        let result = try await passage.tuple((OnlyCodable(), Both(), inner: (OnlyFast(), date, pairs)))
        #expect(result.0 == OnlyCodable() && result.1 == Both())
        #expect(result.inner.0 == OnlyFast() && result.inner.1 == date && result.inner.2 == pairs)
        let parts = try jsonBytes(OnlyCodable()) + fastBytes(Both()) + fastBytes(OnlyFast()) + fastBytes(date)
        #expect(try echo.bytes == parts + jsonBytes(pairs))
    }

    @Test("a value nested deeper than the limit is an error, not a crash")
    func depth() throws {
        var tree = Tree.leaf
        for _ in 0...WireLimits.nestingDepth { tree = .node(tree, label: "", .leaf) }
        let error = #expect(throws: WireError.self) { try fastBytes(tree) }
        #expect(error?.code == .tooDeep)
        let refused = #expect(throws: WireError.self) {
            try decoded(Tree.self, from: [UInt8](repeating: 1, count: 1000))
        }
        #expect(refused?.code == .tooDeep)
    }

    @Test("an unknown case is an error")
    func unknownCase() {
        #expect(throws: WireError.self) { try decoded(Tree.self, from: [9]) }
    }
}
