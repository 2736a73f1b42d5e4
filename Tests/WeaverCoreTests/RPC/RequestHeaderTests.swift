import TestSupport
import Testing

@testable import WeaverCore

@Suite struct RequestHeaderTests {
    private let now = MonotonicTime(nanoseconds: 1000)
    private let key = MethodKey(signature: "M.P/f()->Int")

    private func encode(_ context: CallContext) throws -> [UInt8] {
        var encoder = WireEncoder()
        try RequestHeader.encode(key: key, context: context, now: now, wire: &encoder)
        return encoder.takeOutput().copyBytes()
    }

    private func decode(_ bytes: [UInt8]) throws -> RequestHeader {
        try unsafe WireDecoder.withDecoder(over: bytes.span.bytes) { wire in
            let header = try RequestHeader(wire: &wire)
            try wire.finish()
            return header
        }
    }

    @Test func `a deadline travels as the time left and starts again at the callee`() throws {
        let header = try decode(try encode(CallContext(deadline: now + .milliseconds(5))))
        #expect(header.timeLeft == 5_000_000)
        let later = MonotonicTime(nanoseconds: 900_000)
        #expect(header.context(now: later).deadline == later + .milliseconds(5))
    }

    @Test func `a time left beyond the clock's end ends there`() throws {
        let header = RequestHeader(key: key, timeLeft: .max, trace: nil, metadata: [:])
        #expect(header.context(now: now).deadline == MonotonicTime(nanoseconds: .max))
    }

    @Test func `without deadline, trace and metadata the header has 17 bytes`() throws {
        let bytes = try encode(CallContext())
        #expect(bytes.count == 17)
        #expect(try decode(bytes) == RequestHeader(key: key, timeLeft: 0, trace: nil, metadata: [:]))
    }

    @Test func `a deadline that passed while encoding does not become none`() throws {
        #expect(try decode(try encode(CallContext(deadline: now))).timeLeft == 1)
    }

    @Test func `a trace's state comes through, up to its limit`() throws {
        let longest = "k=" + String(repeating: "v", count: TraceContext.maximumStateLength - 2)
        for (state, expected) in [("a=1", "a=1"), (longest, longest), (longest + "v", "")] {
            let trace = TraceContext(traceID: 1, spanID: 3, flags: 1, state: state)
            let header = try decode(try encode(CallContext(metadata: ["a": "1"], trace: trace)))
            #expect(header.trace?.state == expected)
            #expect(header.metadata == ["a": "1"])
        }
    }

    @Test func `a state without a trace, or one that is too long, is refused`() throws {
        let start = try encode(CallContext()).dropLast()
        #expect(throws: WireError.self) { try decode(start + [4, 1, 0, 0, 0, 65]) }
        var long = try encode(CallContext(trace: TraceContext(traceID: 1, spanID: 1, flags: 1)))
        long[16] = 5
        let state = [UInt8](repeating: 65, count: TraceContext.maximumStateLength + 1)
        #expect(throws: WireError.self) { try decode(long + [1, 2, 0, 0] + state) }
        #expect(try decode(long + [0, 2, 0, 0] + state.dropLast()).trace?.state.utf8.count == 512)
    }

    @Test func `trace and metadata come through`() throws {
        let trace = TraceContext(traceID: .max - 1, spanID: 3, flags: 1)
        let header = try decode(try encode(CallContext(metadata: ["a": "1", "ü": ""], trace: trace)))
        #expect(header.trace == trace)
        #expect(header.metadata == ["a": "1", "ü": ""])
    }

    @Test func `metadata of the limits passes and one more is refused by both sides`() throws {
        let most = RPCLimits.maximumMetadataPairs
        func pairs(_ count: Int) -> [String: String] {
            Dictionary(uniqueKeysWithValues: (0..<count).map { ("\($0)", "") })
        }
        #expect(try decode(try encode(CallContext(metadata: pairs(most)))).metadata.count == most)
        #expect(throws: WireError.self) { try encode(CallContext(metadata: pairs(most + 1))) }
        let long = String(repeating: "x", count: RPCLimits.maximumMetadataBytes)
        #expect(try decode(try encode(CallContext(metadata: ["": long]))).metadata[""]?.utf8.count == long.utf8.count)
        #expect(throws: WireError.self) { try encode(CallContext(metadata: ["": long + "x"])) }
        #expect(throws: WireError.self) { try decode(try header(pairs: most + 1, of: ("", ""))) }
        #expect(throws: WireError.self) { try decode(try header(pairs: 1, of: ("", long + "x"))) }
    }

    @Test func `an instrument's fields come through beside metadata and trace, up to their limits`() throws {
        var context = CallContext(metadata: ["a": "1"], trace: TraceContext(traceID: 1, spanID: 2, flags: 1))
        context.fields = ["baggage": "b=2"]
        let read = try decode(try encode(context))
        #expect(read.fields == ["baggage": "b=2"] && read.metadata == ["a": "1"] && read.trace == context.trace)
        #expect(read.context(now: now).fields == ["baggage": "b=2"])

        let most = RPCLimits.maximumFields
        func fields(_ count: Int) -> CallContext {
            var context = CallContext()
            context.fields = Dictionary(uniqueKeysWithValues: (0..<count).map { ("\($0)", "") })
            return context
        }
        #expect(try decode(try encode(fields(most))).fields.count == most)
        #expect(throws: WireError.self) { try encode(fields(most + 1)) }
        let long = String(repeating: "x", count: RPCLimits.maximumFieldBytes)
        context.fields = ["": long]
        #expect(try decode(try encode(context)).fields == ["": long])
        context.fields = ["": long + "x"]
        #expect(throws: WireError.self) { try encode(context) }
        #expect(throws: WireError.self) { try decode(try header(pairs: most + 1, of: ("", ""), flag: 8)) }
        #expect(throws: WireError.self) { try decode(try header(pairs: 1, of: ("", long + "x"), flag: 8)) }
        #expect(throws: WireError.self) { try decode(try header(pairs: 2, of: ("a", "b"), flag: 8)) }
    }

    @Test func `a key that comes twice and unknown flags are refused`() throws {
        #expect(throws: WireError.self) { try decode(try header(pairs: 2, of: ("a", "b"))) }
        var bytes = try encode(CallContext())
        bytes[16] = 4
        #expect(throws: WireError.self) { try decode(bytes) }
        bytes[16] = 16
        #expect(throws: WireError.self) { try decode(bytes) }
    }

    @Test func `every truncation is refused`() throws {
        var context = CallContext(metadata: ["key": "value"], trace: TraceContext(traceID: 1, spanID: 2, flags: 0))
        context.fields = ["baggage": "b=2"]
        let whole = try encode(context)
        for count in 0..<whole.count {
            #expect(throws: WireError.self) { try decode(Array(whole[..<count])) }
        }
    }

    /// A header with metadata that an honest peer would not send.
    private func header(pairs count: Int, of pair: (String, String), flag: UInt8 = 2) throws -> [UInt8] {
        var encoder = WireEncoder()
        encoder.append(key.rawValue)
        encoder.append(0 as UInt64)
        encoder.append(flag)
        encoder.append(UInt16(count))
        for _ in 0..<count {
            try pair.0.encode(wire: &encoder)
            try pair.1.encode(wire: &encoder)
        }
        return encoder.takeOutput().copyBytes()
    }
}
