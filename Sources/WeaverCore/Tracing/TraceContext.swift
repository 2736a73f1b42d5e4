/// The place of a call in a distributed trace, as W3C Trace Context has it (www.w3.org/TR/trace-context).
public struct TraceContext: Hashable, Sendable {
    /// The trace's id.
    public var traceID: UInt128
    /// The id of the span that the caller is in.
    public var spanID: UInt64
    /// Bit 0: the trace is sampled.
    public var flags: UInt8
    /// What tracing systems on the way have added for themselves, the content of `tracestate`; empty for nothing.
    public var state: String

    /// Makes a trace context.
    public init(traceID: UInt128, spanID: UInt64, flags: UInt8, state: String = "") {
        self.traceID = traceID
        self.spanID = spanID
        self.flags = flags
        self.state = state
    }

    /// Whether the spans of the trace are recorded.
    public var isSampled: Bool { flags & Self.sampled != 0 }

    package static let sampled: UInt8 = 1
    /// The flags that have a meaning: sampled, and random (Trace Context Level 2), which says so of the trace's id.
    package static let knownFlags: UInt8 = 3

    /// The trace's id in hexadecimal digits, as in logs.
    package var traceText: String { Self.hex(traceID, digits: 32) }
    /// The span's id in hexadecimal digits.
    package var spanText: String { Self.hex(spanID, digits: 16) }

    package static func hex(_ value: some BinaryInteger, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}

// MARK: The fields of HTTP

extension TraceContext {
    /// The names of the fields, in lower case.
    package static let parentField = "traceparent"
    package static let stateField = "tracestate"
    /// How much of `tracestate` is passed on, in bytes: what the recommendation asks for at least. Entries at the end are
    /// left out.
    package static let maximumStateLength = 512
    /// How many entries `tracestate` may have; with more it is dropped.
    package static let maximumStateEntries = 32

    /// The content of `traceparent`.
    package var parentText: String { "00-\(traceText)-\(spanText)-\(Self.hex(flags & Self.knownFlags, digits: 2))" }

    /// Reads `traceparent` and all fields `tracestate` of a message. Nil for what is no trace: the message then begins a
    /// new one. A `tracestate` that makes no sense is dropped alone.
    package init?(parent: String, states: [String] = []) {
        let bytes = Array(parent.utf8)
        let ends = [2, 35, 52]
        guard bytes.count >= 55, ends.allSatisfy({ bytes[$0] == UInt8(ascii: "-") }),
            let version = Self.number(bytes[0..<2]), version != 0xFF,
            // Later versions may add fields behind a dash.
            bytes.count == 55 || (version > 0 && bytes[55] == UInt8(ascii: "-")),
            let trace = Self.number(bytes[3..<35]), let span = Self.number(bytes[36..<52]),
            let flags = Self.number(bytes[53..<55]), trace != 0, span != 0
        else { return nil }
        self.init(
            traceID: trace, spanID: UInt64(span), flags: UInt8(flags) & Self.knownFlags, state: Self.state(of: states))
    }

    /// A number of hexadecimal digits, which have to be in lower case.
    private static func number(_ digits: ArraySlice<UInt8>) -> UInt128? {
        var value: UInt128 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt128(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt128(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return value
    }

    /// The entries of all fields, as one; empty when one of them is no `key=value`.
    private static func state(of fields: [String]) -> String {
        let entries = fields.joined(separator: ",").split(separator: ",")
            .map { $0.trimmed }.filter { !$0.isEmpty }
        guard entries.count <= maximumStateEntries, entries.allSatisfy(isEntry) else { return "" }
        var text = ""
        for entry in entries {
            let longer = text.isEmpty ? String(entry) : "\(text),\(entry)"
            guard longer.utf8.count <= maximumStateLength else { break }
            text = longer
        }
        return text
    }

    private static func isEntry(_ entry: Substring) -> Bool {
        guard let equals = entry.utf8.firstIndex(of: UInt8(ascii: "=")), equals > entry.startIndex,
            entry.utf8.index(after: equals) < entry.endIndex
        else { return false }
        let isKey = entry.utf8[..<equals].allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
                UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "/"), UInt8(ascii: "@"):
                true
            default: false
            }
        }
        return isKey
            && entry.utf8[entry.utf8.index(after: equals)...].allSatisfy {
                (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "=")
            }
    }
}

extension Substring {
    /// Without the blanks and tabs at both ends.
    fileprivate var trimmed: Substring {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
            return ""
        }
        return self[first...last]
    }
}
