#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The path of types that are only `Codable`: a u32 length and JSON. Both ends run the same binary, so any coder would
/// do; this one is what FoundationEssentials has.
enum CodableWire {
    static func encode<T: Encodable>(_ value: T, into encoder: inout WireEncoder) throws(WireError) {
        let json = JSONEncoder()
        json.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: infinity, negativeInfinity: "-" + infinity, nan: nan)
        let data: Data
        do { data = try json.encode(value) } catch { throw refused(T.self, error) }
        try data.encode(wire: &encoder)
    }

    static func decode<T: Decodable>(_ type: T.Type, from decoder: inout WireDecoder) throws(WireError) -> T {
        let json = JSONDecoder()
        json.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: infinity, negativeInfinity: "-" + infinity, nan: nan)
        let data = try Data(wire: &decoder)
        do { return try json.decode(T.self, from: data) } catch { throw refused(T.self, error) }
    }

    private static let infinity = "inf"
    private static let nan = "nan"

    private static func refused<T>(_ type: T.Type, _ error: any Error) -> WireError {
        WireError(.codable, "\(T.self): \(error)")
    }
}
