/// The answers that a server or proxy gives by itself, one line of plain text each.
package enum ErrorResponse {
    /// Bytes of the body of an answer.
    package static func bodyLength(_ status: HTTPStatus, detail: String) -> Int {
        status.reasonPhrase.utf8CodeUnitCount + 2 + detail.utf8.count + 1
    }

    /// Writes a whole response with `status`.
    ///
    /// - Parameters:
    ///   - detail: one line for the person who reads it, without a line end; never a peer's bytes.
    ///   - keepAlive: the connection is used again; faults of framing never allow that.
    ///   - withoutBody: the request was HEAD.
    ///   - retryAfterSeconds: for 503.
    ///   - requestID: by which the request is found in logs.
    package static func write(
        _ status: HTTPStatus, detail: String, keepAlive: Bool, withoutBody: Bool = false,
        retryAfterSeconds: Int? = nil, requestID: RequestID? = nil, date: [UInt8], to output: inout OutputBuffer
    ) {
        output.append(ascii: "HTTP/1.1 ")
        output.append(decimal: UInt64(status.rawValue))
        output.append(ascii: " ")
        output.append(ascii: status.reasonPhrase)
        output.append(ascii: "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ")
        output.append(decimal: UInt64(bodyLength(status, detail: detail)))
        output.append(ascii: "\r\n")
        if !date.isEmpty {
            output.append(ascii: "Date: ")
            output.append(date)
            output.append(ascii: "\r\n")
        }
        if let retryAfterSeconds {
            output.append(ascii: "Retry-After: ")
            output.append(decimal: UInt64(retryAfterSeconds))
            output.append(ascii: "\r\n")
        }
        requestID?.writeField(to: &output)
        output.append(ascii: keepAlive ? "\r\n" : "Connection: close\r\n\r\n")
        guard !withoutBody else { return }
        output.append(ascii: status.reasonPhrase)
        output.append(ascii: ": ")
        output.append(utf8: detail)
        output.append(ascii: "\n")
    }
}
