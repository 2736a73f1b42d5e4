internal import HTTPTypes
internal import WeaverCore

/// Writes an application's response head: its own fields, then those that frame the message.
enum ResponseHeadWriter {
    /// Writes the head of `response` as `plan` wants it.
    ///
    /// - Parameter length: of the body, announced also where the body itself is not sent (HEAD).
    static func write(
        _ response: HTTPResponse, status: HTTPStatus, length: UInt64?, plan: ResponsePlan, date: [UInt8],
        to output: inout OutputBuffer
    ) {
        output.append(ascii: "HTTP/1.1 ")
        output.append(decimal: UInt64(status.rawValue))
        output.append(ascii: " ")
        if response.status.reasonPhrase.isEmpty {
            output.append(ascii: status.reasonPhrase)
        } else {
            output.append(utf8: response.status.reasonPhrase)
        }
        output.append(ascii: "\r\n")
        var hasDate = false
        var hasUpgrade = false
        for field in response.headerFields {
            switch field.name {
            case .contentLength, .transferEncoding, .connection: continue
            case .date: hasDate = true
            case .upgrade: hasUpgrade = true
            default: break
            }
            output.append(field)
        }
        // RFC 9110 section 7.8: whoever sends Upgrade names it in Connection.
        if hasUpgrade { output.append(ascii: "Connection: upgrade\r\n") }
        if !hasDate {
            output.append(ascii: "Date: ")
            output.append(date)
            output.append(ascii: "\r\n")
        }
        if plan.framing == .chunked {
            output.append(ascii: "Transfer-Encoding: chunked\r\n")
        } else if let length, status != .noContent, !(status == .notModified && length == 0) {
            output.append(ascii: "Content-Length: ")
            output.append(decimal: length)
            output.append(ascii: "\r\n")
        }
        plan.writeConnection(to: &output)
        output.append(ascii: "\r\n")
    }

    /// Writes the head of 101 (Switching Protocols) to the protocol `name`.
    static func writeSwitching(to name: String, _ fields: HTTPFields, to output: inout OutputBuffer) {
        output.append(ascii: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: ")
        output.append(utf8: name)
        output.append(ascii: "\r\nConnection: upgrade\r\n")
        for field in fields {
            switch field.name {
            case .contentLength, .transferEncoding, .connection, .upgrade: continue
            default: output.append(field)
            }
        }
        output.append(ascii: "\r\n")
    }
}

extension OutputBuffer {
    fileprivate mutating func append(_ field: HTTPField) {
        append(utf8: field.name.rawName)
        append(ascii: ": ")
        append(utf8: field.value)
        append(ascii: "\r\n")
    }
}
