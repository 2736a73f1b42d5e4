import FoundationEssentials
import WeaverRuntime

// One struct for every type, with a field for every place where the type can stand. They are written out, because in a
// generic struct the path would be that of the type parameter.

/// A struct of this file.
protocol FieldPlaces: Equatable, Sendable {
    associatedtype Value: Hashable & Sendable

    init(
        bare: Value, optional: Value?, list: [Value], named: [String: Value], keyed: [Value: Int], set: Set<Value>,
        options: [Value?])
}

@Serializable
struct IntFields: FieldPlaces {
    var bare: Int
    var optional: Int?
    var list: [Int]
    var named: [String: Int]
    var keyed: [Int: Int]
    var set: Set<Int>
    var options: [Int?]
}

@Serializable
struct Int8Fields: FieldPlaces {
    var bare: Int8
    var optional: Int8?
    var list: [Int8]
    var named: [String: Int8]
    var keyed: [Int8: Int]
    var set: Set<Int8>
    var options: [Int8?]
}

@Serializable
struct Int16Fields: FieldPlaces {
    var bare: Int16
    var optional: Int16?
    var list: [Int16]
    var named: [String: Int16]
    var keyed: [Int16: Int]
    var set: Set<Int16>
    var options: [Int16?]
}

@Serializable
struct Int32Fields: FieldPlaces {
    var bare: Int32
    var optional: Int32?
    var list: [Int32]
    var named: [String: Int32]
    var keyed: [Int32: Int]
    var set: Set<Int32>
    var options: [Int32?]
}

@Serializable
struct Int64Fields: FieldPlaces {
    var bare: Int64
    var optional: Int64?
    var list: [Int64]
    var named: [String: Int64]
    var keyed: [Int64: Int]
    var set: Set<Int64>
    var options: [Int64?]
}

@Serializable
struct Int128Fields: FieldPlaces {
    var bare: Int128
    var optional: Int128?
    var list: [Int128]
    var named: [String: Int128]
    var keyed: [Int128: Int]
    var set: Set<Int128>
    var options: [Int128?]
}

@Serializable
struct UIntFields: FieldPlaces {
    var bare: UInt
    var optional: UInt?
    var list: [UInt]
    var named: [String: UInt]
    var keyed: [UInt: Int]
    var set: Set<UInt>
    var options: [UInt?]
}

@Serializable
struct UInt8Fields: FieldPlaces {
    var bare: UInt8
    var optional: UInt8?
    var list: [UInt8]
    var named: [String: UInt8]
    var keyed: [UInt8: Int]
    var set: Set<UInt8>
    var options: [UInt8?]
}

@Serializable
struct UInt16Fields: FieldPlaces {
    var bare: UInt16
    var optional: UInt16?
    var list: [UInt16]
    var named: [String: UInt16]
    var keyed: [UInt16: Int]
    var set: Set<UInt16>
    var options: [UInt16?]
}

@Serializable
struct UInt32Fields: FieldPlaces {
    var bare: UInt32
    var optional: UInt32?
    var list: [UInt32]
    var named: [String: UInt32]
    var keyed: [UInt32: Int]
    var set: Set<UInt32>
    var options: [UInt32?]
}

@Serializable
struct UInt64Fields: FieldPlaces {
    var bare: UInt64
    var optional: UInt64?
    var list: [UInt64]
    var named: [String: UInt64]
    var keyed: [UInt64: Int]
    var set: Set<UInt64>
    var options: [UInt64?]
}

@Serializable
struct UInt128Fields: FieldPlaces {
    var bare: UInt128
    var optional: UInt128?
    var list: [UInt128]
    var named: [String: UInt128]
    var keyed: [UInt128: Int]
    var set: Set<UInt128>
    var options: [UInt128?]
}

@Serializable
struct BoolFields: FieldPlaces {
    var bare: Bool
    var optional: Bool?
    var list: [Bool]
    var named: [String: Bool]
    var keyed: [Bool: Int]
    var set: Set<Bool>
    var options: [Bool?]
}

@Serializable
struct FloatFields: FieldPlaces {
    var bare: Float
    var optional: Float?
    var list: [Float]
    var named: [String: Float]
    var keyed: [Float: Int]
    var set: Set<Float>
    var options: [Float?]
}

@Serializable
struct DoubleFields: FieldPlaces {
    var bare: Double
    var optional: Double?
    var list: [Double]
    var named: [String: Double]
    var keyed: [Double: Int]
    var set: Set<Double>
    var options: [Double?]
}

@Serializable
struct StringFields: FieldPlaces {
    var bare: String
    var optional: String?
    var list: [String]
    var named: [String: String]
    var keyed: [String: Int]
    var set: Set<String>
    var options: [String?]
}

@Serializable
struct BytesFields: FieldPlaces {
    var bare: [UInt8]
    var optional: [UInt8]?
    var list: [[UInt8]]
    var named: [String: [UInt8]]
    var keyed: [[UInt8]: Int]
    var set: Set<[UInt8]>
    var options: [[UInt8]?]
}

@Serializable
struct DurationFields: FieldPlaces {
    var bare: Duration
    var optional: Duration?
    var list: [Duration]
    var named: [String: Duration]
    var keyed: [Duration: Int]
    var set: Set<Duration>
    var options: [Duration?]
}

@Serializable
struct DateFields: FieldPlaces {
    var bare: Date
    var optional: Date?
    var list: [Date]
    var named: [String: Date]
    var keyed: [Date: Int]
    var set: Set<Date>
    var options: [Date?]
}

@Serializable
struct UUIDFields: FieldPlaces {
    var bare: UUID
    var optional: UUID?
    var list: [UUID]
    var named: [String: UUID]
    var keyed: [UUID: Int]
    var set: Set<UUID>
    var options: [UUID?]
}

@Serializable
struct DataFields: FieldPlaces {
    var bare: Data
    var optional: Data?
    var list: [Data]
    var named: [String: Data]
    var keyed: [Data: Int]
    var set: Set<Data>
    var options: [Data?]
}

@Serializable
struct URLFields: FieldPlaces {
    var bare: URL
    var optional: URL?
    var list: [URL]
    var named: [String: URL]
    var keyed: [URL: Int]
    var set: Set<URL>
    var options: [URL?]
}

@Serializable
struct DecimalFields: FieldPlaces {
    var bare: Decimal
    var optional: Decimal?
    var list: [Decimal]
    var named: [String: Decimal]
    var keyed: [Decimal: Int]
    var set: Set<Decimal>
    var options: [Decimal?]
}

@Serializable
struct OnlyFastFields: FieldPlaces {
    var bare: OnlyFast
    var optional: OnlyFast?
    var list: [OnlyFast]
    var named: [String: OnlyFast]
    var keyed: [OnlyFast: Int]
    var set: Set<OnlyFast>
    var options: [OnlyFast?]
}

@Serializable
struct BothFields: FieldPlaces {
    var bare: Both
    var optional: Both?
    var list: [Both]
    var named: [String: Both]
    var keyed: [Both: Int]
    var set: Set<Both>
    var options: [Both?]
}

@Serializable
struct TreeFields: FieldPlaces {
    var bare: Tree
    var optional: Tree?
    var list: [Tree]
    var named: [String: Tree]
    var keyed: [Tree: Int]
    var set: Set<Tree>
    var options: [Tree?]
}

@Serializable
struct OnlyCodableFields: FieldPlaces {
    var bare: OnlyCodable
    var optional: OnlyCodable?
    var list: [OnlyCodable]
    var named: [String: OnlyCodable]
    var keyed: [OnlyCodable: Int]
    var set: Set<OnlyCodable>
    var options: [OnlyCodable?]
}
