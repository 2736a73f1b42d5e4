import FoundationEssentials
import WeaverRuntime

/// One method for every type, with a parameter and a part of the result for every place where the type can stand.
@Component
protocol Passage: Sendable {
    func int(
        _: Int, _: Int?, _: [Int], _: [String: Int], _: [Int: Int], _: Set<Int>, _: [Int?]
    ) async throws -> (Int, Int?, [Int], [String: Int], [Int: Int], Set<Int>, [Int?])
    func int8(
        _: Int8, _: Int8?, _: [Int8], _: [String: Int8], _: [Int8: Int], _: Set<Int8>, _: [Int8?]
    ) async throws -> (Int8, Int8?, [Int8], [String: Int8], [Int8: Int], Set<Int8>, [Int8?])
    func int16(
        _: Int16, _: Int16?, _: [Int16], _: [String: Int16], _: [Int16: Int], _: Set<Int16>, _: [Int16?]
    ) async throws -> (Int16, Int16?, [Int16], [String: Int16], [Int16: Int], Set<Int16>, [Int16?])
    func int32(
        _: Int32, _: Int32?, _: [Int32], _: [String: Int32], _: [Int32: Int], _: Set<Int32>, _: [Int32?]
    ) async throws -> (Int32, Int32?, [Int32], [String: Int32], [Int32: Int], Set<Int32>, [Int32?])
    func int64(
        _: Int64, _: Int64?, _: [Int64], _: [String: Int64], _: [Int64: Int], _: Set<Int64>, _: [Int64?]
    ) async throws -> (Int64, Int64?, [Int64], [String: Int64], [Int64: Int], Set<Int64>, [Int64?])
    func int128(
        _: Int128, _: Int128?, _: [Int128], _: [String: Int128], _: [Int128: Int], _: Set<Int128>, _: [Int128?]
    ) async throws -> (Int128, Int128?, [Int128], [String: Int128], [Int128: Int], Set<Int128>, [Int128?])
    func uInt(
        _: UInt, _: UInt?, _: [UInt], _: [String: UInt], _: [UInt: Int], _: Set<UInt>, _: [UInt?]
    ) async throws -> (UInt, UInt?, [UInt], [String: UInt], [UInt: Int], Set<UInt>, [UInt?])
    func uInt8(
        _: UInt8, _: UInt8?, _: [UInt8], _: [String: UInt8], _: [UInt8: Int], _: Set<UInt8>, _: [UInt8?]
    ) async throws -> (UInt8, UInt8?, [UInt8], [String: UInt8], [UInt8: Int], Set<UInt8>, [UInt8?])
    func uInt16(
        _: UInt16, _: UInt16?, _: [UInt16], _: [String: UInt16], _: [UInt16: Int], _: Set<UInt16>, _: [UInt16?]
    ) async throws -> (UInt16, UInt16?, [UInt16], [String: UInt16], [UInt16: Int], Set<UInt16>, [UInt16?])
    func uInt32(
        _: UInt32, _: UInt32?, _: [UInt32], _: [String: UInt32], _: [UInt32: Int], _: Set<UInt32>, _: [UInt32?]
    ) async throws -> (UInt32, UInt32?, [UInt32], [String: UInt32], [UInt32: Int], Set<UInt32>, [UInt32?])
    func uInt64(
        _: UInt64, _: UInt64?, _: [UInt64], _: [String: UInt64], _: [UInt64: Int], _: Set<UInt64>, _: [UInt64?]
    ) async throws -> (UInt64, UInt64?, [UInt64], [String: UInt64], [UInt64: Int], Set<UInt64>, [UInt64?])
    func uInt128(
        _: UInt128, _: UInt128?, _: [UInt128], _: [String: UInt128], _: [UInt128: Int], _: Set<UInt128>, _: [UInt128?]
    ) async throws -> (UInt128, UInt128?, [UInt128], [String: UInt128], [UInt128: Int], Set<UInt128>, [UInt128?])
    func bool(
        _: Bool, _: Bool?, _: [Bool], _: [String: Bool], _: [Bool: Int], _: Set<Bool>, _: [Bool?]
    ) async throws -> (Bool, Bool?, [Bool], [String: Bool], [Bool: Int], Set<Bool>, [Bool?])
    func float(
        _: Float, _: Float?, _: [Float], _: [String: Float], _: [Float: Int], _: Set<Float>, _: [Float?]
    ) async throws -> (Float, Float?, [Float], [String: Float], [Float: Int], Set<Float>, [Float?])
    func double(
        _: Double, _: Double?, _: [Double], _: [String: Double], _: [Double: Int], _: Set<Double>, _: [Double?]
    ) async throws -> (Double, Double?, [Double], [String: Double], [Double: Int], Set<Double>, [Double?])
    func string(
        _: String, _: String?, _: [String], _: [String: String], _: [String: Int], _: Set<String>, _: [String?]
    ) async throws -> (String, String?, [String], [String: String], [String: Int], Set<String>, [String?])
    func bytes(
        _: [UInt8], _: [UInt8]?, _: [[UInt8]], _: [String: [UInt8]], _: [[UInt8]: Int], _: Set<[UInt8]>, _: [[UInt8]?]
    ) async throws -> ([UInt8], [UInt8]?, [[UInt8]], [String: [UInt8]], [[UInt8]: Int], Set<[UInt8]>, [[UInt8]?])
    func duration(
        _: Duration, _: Duration?, _: [Duration], _: [String: Duration], _: [Duration: Int], _: Set<Duration>,
        _: [Duration?]
    ) async throws -> (Duration, Duration?, [Duration], [String: Duration], [Duration: Int], Set<Duration>, [Duration?])
    func date(
        _: Date, _: Date?, _: [Date], _: [String: Date], _: [Date: Int], _: Set<Date>, _: [Date?]
    ) async throws -> (Date, Date?, [Date], [String: Date], [Date: Int], Set<Date>, [Date?])
    func uuid(
        _: UUID, _: UUID?, _: [UUID], _: [String: UUID], _: [UUID: Int], _: Set<UUID>, _: [UUID?]
    ) async throws -> (UUID, UUID?, [UUID], [String: UUID], [UUID: Int], Set<UUID>, [UUID?])
    func data(
        _: Data, _: Data?, _: [Data], _: [String: Data], _: [Data: Int], _: Set<Data>, _: [Data?]
    ) async throws -> (Data, Data?, [Data], [String: Data], [Data: Int], Set<Data>, [Data?])
    func url(
        _: URL, _: URL?, _: [URL], _: [String: URL], _: [URL: Int], _: Set<URL>, _: [URL?]
    ) async throws -> (URL, URL?, [URL], [String: URL], [URL: Int], Set<URL>, [URL?])
    func decimal(
        _: Decimal, _: Decimal?, _: [Decimal], _: [String: Decimal], _: [Decimal: Int], _: Set<Decimal>, _: [Decimal?]
    ) async throws -> (Decimal, Decimal?, [Decimal], [String: Decimal], [Decimal: Int], Set<Decimal>, [Decimal?])
    func onlyFast(
        _: OnlyFast, _: OnlyFast?, _: [OnlyFast], _: [String: OnlyFast], _: [OnlyFast: Int], _: Set<OnlyFast>,
        _: [OnlyFast?]
    ) async throws -> (OnlyFast, OnlyFast?, [OnlyFast], [String: OnlyFast], [OnlyFast: Int], Set<OnlyFast>, [OnlyFast?])
    func both(
        _: Both, _: Both?, _: [Both], _: [String: Both], _: [Both: Int], _: Set<Both>, _: [Both?]
    ) async throws -> (Both, Both?, [Both], [String: Both], [Both: Int], Set<Both>, [Both?])
    func tree(
        _: Tree, _: Tree?, _: [Tree], _: [String: Tree], _: [Tree: Int], _: Set<Tree>, _: [Tree?]
    ) async throws -> (Tree, Tree?, [Tree], [String: Tree], [Tree: Int], Set<Tree>, [Tree?])
    func onlyCodable(
        _: OnlyCodable, _: OnlyCodable?, _: [OnlyCodable], _: [String: OnlyCodable], _: [OnlyCodable: Int],
        _: Set<OnlyCodable>, _: [OnlyCodable?]
    ) async throws -> (
        OnlyCodable, OnlyCodable?, [OnlyCodable], [String: OnlyCodable], [OnlyCodable: Int], Set<OnlyCodable>,
        [OnlyCodable?]
    )
    /// Tuples are taken apart, at every depth; each part takes its own path.
    func tuple(
        _: (OnlyCodable, Both, inner: (OnlyFast, Date, [Both: OnlyCodable]))
    ) async throws -> (OnlyCodable, Both, inner: (OnlyFast, Date, [Both: OnlyCodable]))
}
