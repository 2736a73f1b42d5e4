#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The path of types that are only `Codable`: a u32 length and JSON. Both ends run the same binary, so any coder would
/// do; this one is what FoundationEssentials has.
enum CodableWire {
    static func encode<T: Encodable>(_ value: T, into encoder: inout WireEncoder) throws(WireError) {
        let data: Data
        do { data = try NumberJSON.encoder().encode(value) } catch { throw refused(T.self, error) }
        try data.encode(wire: &encoder)
    }

    static func decode<T: Decodable>(_ type: T.Type, from decoder: inout WireDecoder) throws(WireError) -> T {
        let data = try Data(wire: &decoder)
        do { return try NumberJSON.decoder().decode(T.self, from: data) } catch { throw refused(T.self, error) }
    }

    private static func refused<T>(_ type: T.Type, _ error: any Error) -> WireError {
        WireError(.codable, "\(T.self): \(error)")
    }
}
