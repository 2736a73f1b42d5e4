/// The answers that a server or proxy gives by itself, one line of plain text each.
package enum ErrorResponse {
    /// Writes a whole response with `status`.
    ///
    /// - Parameters:
    ///   - detail: one line for the person who reads it, without a line end; never a peer's bytes.
    ///   - keepAlive: the connection is used again; faults of framing never allow that.
    ///   - withoutBody: the request was HEAD.
    ///   - retryAfterSeconds: for 503.
    package static func write(
        _ status: HTTPStatus, detail: String, keepAlive: Bool, withoutBody: Bool = false,
        retryAfterSeconds: Int? = nil, date: [UInt8], to writer: inout HTTPWriter
    ) {
        writer.append("HTTP/1.1 ")
        writer.append(decimal: UInt64(status.rawValue))
        writer.append(" ")
        writer.append(status.reasonPhrase)
        writer.append("\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ")
        writer.append(decimal: UInt64(status.reasonPhrase.utf8CodeUnitCount + 2 + detail.utf8.count + 1))
        writer.append("\r\n")
        if !date.isEmpty {
            writer.append("Date: ")
            writer.append(date)
            writer.append("\r\n")
        }
        if let retryAfterSeconds {
            writer.append("Retry-After: ")
            writer.append(decimal: UInt64(retryAfterSeconds))
            writer.append("\r\n")
        }
        writer.append(keepAlive ? "\r\n" : "Connection: close\r\n\r\n")
        guard !withoutBody else { return }
        writer.append(status.reasonPhrase)
        writer.append(": ")
        writer.append(detail)
        writer.append("\n")
    }
}
