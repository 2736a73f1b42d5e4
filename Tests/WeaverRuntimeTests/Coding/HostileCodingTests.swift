import FoundationEssentials
import Testing
import WeaverCore
import WeaverRuntime

private struct Chain: Codable, Sendable, Equatable {
    var next: [Chain]
}

/// Bytes that no encoder has written, for the types of Foundation and the path of Codable.
@Suite("bytes that no encoder has written")
struct HostileCodingTests {
    private func bytes(_ text: String) throws -> [UInt8] {
        var encoder = WireEncoder()
        try text.encode(wire: &encoder)
        return encoder.takeOutput().copyBytes()
    }

    private func read<T>(
        _ bytes: [UInt8], _ body: (inout WireDecoder) throws(WireError) -> T
    ) throws(WireError) -> T {
        try WireDecoder.withDecoder(over: unsafe bytes.span.bytes) { wire throws(WireError) in
            let value = try body(&wire)
            try wire.finish()
            return value
        }
    }

    private func decimal(_ text: String) throws -> Decimal {
        try read(try bytes(text)) { wire throws(WireError) in try Decimal(wire: &wire) }
    }

    @Test(
        "a text that only begins as a number is no Decimal",
        arguments: ["5junk", "", " 5", "5 ", "0x10", "1,5", "nan", "5.", "05", "-", "1e3", "NaN5", "+5"])
    func prefix(_ text: String) {
        let error = #expect(throws: WireError.self) { try decimal(text) }
        #expect(error?.code == .badValue)
    }

    @Test(
        "every Decimal comes through, NaN and the extremes included",
        arguments: [
            .nan, 0, -0.5, 5, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude,
            .leastFiniteMagnitude, .pi, Decimal(sign: .minus, exponent: 127, significand: 1),
            Decimal(sign: .plus, exponent: -128, significand: 99), Decimal(sign: .plus, exponent: -2, significand: 150),
        ] as [Decimal])
    func decimals(_ value: Decimal) throws {
        var encoder = WireEncoder()
        try value.encode(wire: &encoder)
        let result = try read(encoder.takeOutput().copyBytes()) { wire throws(WireError) in try Decimal(wire: &wire) }
        #expect(result == value || (result.isNaN && value.isNaN))
    }

    @Test("a URL that is none, and Data that is cut off, are refused")
    func foundation() throws {
        let address = try bytes("")
        let url = #expect(throws: WireError.self) {
            try read(address) { wire throws(WireError) in try URL(wire: &wire) }
        }
        #expect(url?.code == .badValue)
        let data = #expect(throws: WireError.self) {
            try read([0xff, 0xff, 0xff, 0x7f, 1]) { wire throws(WireError) in try Data(wire: &wire) }
        }
        #expect(data?.code == .badCount)
    }

    private func codable<T: Codable & Sendable>(_ type: T.Type, _ bytes: [UInt8]) throws(WireError) -> T {
        try read(bytes) { wire throws(WireError) in try WireCoding.decode(T.self, from: &wire) }
    }

    @Test(
        "JSON that is none, or another type's, is an error of the codec",
        arguments: [
            "", "{", "{}", "[]", "null", #"{"next": {}}"#, #"{"next": []} {}"#, #"{"next": [], }x"#, "\u{0}",
            #"{"next": [{"next": 1}]}"#,
        ])
    func json(_ text: String) throws {
        let bytes = try bytes(text)
        let error = #expect(throws: WireError.self) { try codable(Chain.self, bytes) }
        #expect(error?.code == .codable)
    }

    @Test("JSON whose length is a lie, or whose text is not UTF-8, is refused")
    func length() throws {
        let good = try bytes(#"{"next": []}"#)
        #expect(try codable(Chain.self, good) == Chain(next: []))
        let long = #expect(throws: WireError.self) { try codable(Chain.self, [0xff] + good.dropFirst()) }
        #expect(long?.code == .badCount)
        let short = #expect(throws: WireError.self) { try codable(Chain.self, [good[0] - 1] + good.dropFirst()) }
        #expect(short?.code == .codable)
        let after = #expect(throws: WireError.self) { try codable(Chain.self, good + [0]) }
        #expect(after?.code == .trailingBytes)
        let text = #expect(throws: WireError.self) {
            try codable([String].self, [5, 0, 0, 0] + Array("[\"".utf8) + [0xff] + Array("\"]".utf8))
        }
        #expect(text?.code == .codable)
    }

    @Test("JSON nested without end is an error, not the end of the stack", arguments: ["[", #"{"next":["#])
    func nesting(_ level: String) throws {
        let bytes = try bytes(String(repeating: level, count: 100_000))
        let error = #expect(throws: WireError.self) { try codable(Chain.self, bytes) }
        #expect(error?.code == .codable)
    }
}
