/// How the lines of an access log are written.
package enum AccessLogFormat: String, Sendable, CaseIterable {
    /// The combined format of Apache and nginx, with duration, backend and request id behind it:
    ///
    ///     203.0.113.7 - - [26/Nov/2026:01:42:11 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8" 0.001024 127.0.0.1:9001 a1b2
    case combined
    /// One JSON object a line, in ASCII:
    ///
    ///     {"time":"2026-11-26T01:42:11.000512Z","client":"203.0.113.7","method":"GET","target":"/",…}
    case json
}

/// One request in an access log.
///
/// Everything in it may come from a client that wants to write lines of its own: what is no printable ASCII is escaped,
/// and each field is cut at ``maximumFieldBytes``.
package struct AccessLogEntry: Sendable, Equatable {
    /// The client's address: the peer's, or the one that trusted proxies name.
    package var client: String
    /// The method as it was sent; empty where no head could be read.
    package var method: [UInt8] = []
    /// The target as it was sent; empty where no head could be read.
    package var target: [UInt8] = []
    /// The request's version, 1.0 or 1.1 by its minor part.
    package var minorVersion: UInt8 = 1
    /// The request's Referer; empty for none.
    package var referer: [UInt8] = []
    /// The request's User-Agent; empty for none.
    package var userAgent: [UInt8] = []
    /// The status that was sent; ``clientGone`` when the client did not wait for it.
    package var status: UInt16 = clientGone
    /// Bytes of the response's body, without framing, that were passed on.
    package var bodyBytes: UInt64 = 0
    /// The response is complete.
    package var isComplete = false
    /// When the request's head arrived, in microseconds since 1970.
    package var time: Int64
    /// From there to the end of the response, in nanoseconds.
    package var duration: UInt64 = 0
    /// The address of the backend that was asked last; nil when none was.
    package var backend: String?
    /// The request's id; empty for none.
    package var requestID: [UInt8] = []

    /// What stands for the status when the client left before there was one, as with nginx.
    package static let clientGone: UInt16 = 499
    /// Bytes of a field that are written; what is longer ends in "...".
    package static let maximumFieldBytes = 2048

    /// A request that arrived at `time`.
    package init(client: String, time: Int64) {
        self.client = client
        self.time = time
    }

    /// The line with its line end.
    package func line(_ format: AccessLogFormat) -> String {
        var text = LogText()
        switch format {
        case .combined: writeCombined(to: &text)
        case .json: writeJSON(to: &text)
        }
        text.append("\n")
        return text.string
    }

    private func writeCombined(to text: inout LogText) {
        text.appendEscaped(Array(client.utf8))
        text.append(" - - [\(LogTime(time).common)] \"")
        if method.isEmpty {
            text.append("-")
        } else {
            text.appendEscaped(method)
            text.append(" ")
            text.appendEscaped(target)
            text.append(" HTTP/1.\(minorVersion)")
        }
        text.append("\" \(status) \(bodyBytes) \"")
        text.appendEscaped(referer.isEmpty ? [UInt8(ascii: "-")] : referer)
        text.append("\" \"")
        text.appendEscaped(userAgent.isEmpty ? [UInt8(ascii: "-")] : userAgent)
        text.append("\" \(Self.seconds(duration)) ")
        text.appendEscaped(Array((backend ?? "-").utf8), blanks: true)
        text.append(" ")
        text.appendEscaped(requestID.isEmpty ? [UInt8(ascii: "-")] : requestID)
    }

    private func writeJSON(to text: inout LogText) {
        text.append("{\"time\":\"\(LogTime(time).internet)\"")
        text.appendJSON("client", Array(client.utf8))
        if !method.isEmpty {
            for (name, value) in [("method", method), ("target", target)] { text.appendJSON(name, value) }
            text.append(",\"version\":\"1.\(minorVersion)\"")
        }
        text.append(",\"status\":\(status),\"bytes\":\(bodyBytes),\"complete\":\(isComplete)")
        text.append(",\"seconds\":\(Self.seconds(duration))")
        if let backend { text.appendJSON("backend", Array(backend.utf8)) }
        for (name, value) in [("request_id", requestID), ("referer", referer), ("user_agent", userAgent)]
        where !value.isEmpty {
            text.appendJSON(name, value)
        }
        text.append("}")
    }

    /// Nanoseconds as seconds with six digits.
    private static func seconds(_ nanoseconds: UInt64) -> String {
        let micros = nanoseconds / 1000
        let fraction = "\(micros % 1_000_000)"
        return "\(micros / 1_000_000)." + String(repeating: "0", count: 6 - fraction.utf8.count) + fraction
    }
}

/// A log line that is being written.
private struct LogText {
    private var bytes: [UInt8] = []

    var string: String { String(decoding: bytes, as: UTF8.self) }

    /// Appends text of our own as it is.
    mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    /// Appends bytes that are not ours: printable ASCII as it is, and `\xHH` for all else, quotes and backslashes included.
    ///
    /// - Parameter blanks: these too, in a column without quotes: the path of a Unix socket may have some.
    mutating func appendEscaped(_ field: [UInt8], blanks: Bool = false) {
        for byte in field.prefix(AccessLogEntry.maximumFieldBytes) {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), ..<(blanks ? 0x21 : 0x20), 0x7F...:
                append("\\x")
                JSONText.appendHex(UInt32(byte), digits: 2, to: &bytes)
            default: bytes.append(byte)
            }
        }
        if field.count > AccessLogEntry.maximumFieldBytes { append("...") }
    }

    /// Appends `,"name":"…"` with bytes of a peer: as JSON has it (RFC 8259 section 7), in ASCII; what is no UTF-8 becomes
    /// U+FFFD.
    mutating func appendJSON(_ name: String, _ field: [UInt8]) {
        append(",\"\(name)\":\"")
        JSONText.append(String(decoding: field.prefix(AccessLogEntry.maximumFieldBytes), as: UTF8.self), to: &bytes)
        append(field.count > AccessLogEntry.maximumFieldBytes ? "...\"" : "\"")
    }
}

/// A point in time as log lines have it, in UTC.
private struct LogTime {
    private let date: CivilDate
    private let secondOfDay: Int64
    private let micros: Int64

    init(_ microsecondsSince1970: Int64) {
        let second = microsecondsSince1970.floorDivided(by: 1_000_000)
        micros = microsecondsSince1970 - second * 1_000_000
        let day = second.floorDivided(by: 86400)
        date = CivilDate(daysSince1970: day)
        secondOfDay = second - day * 86400
    }

    /// `26/Nov/2026:01:42:11 +0000`
    var common: String {
        "\(Self.padded(date.day))/\(HTTPDate.months[Int(date.month) - 1])/\(date.year):\(clock) +0000"
    }

    /// `2026-11-26T01:42:11.000512Z` (RFC 3339)
    var internet: String {
        "\(date.year)-\(Self.padded(date.month))-\(Self.padded(date.day))T\(clock).\(Self.padded(micros, to: 6))Z"
    }

    private var clock: String {
        [secondOfDay / 3600, secondOfDay / 60 % 60, secondOfDay % 60].map { Self.padded($0) }.joined(separator: ":")
    }

    private static func padded(_ number: Int64, to digits: Int = 2) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
