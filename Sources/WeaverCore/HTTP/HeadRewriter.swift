/// Writes a head for the next hop: order, case and repeats of the fields kept, what was meant for one hop removed, what
/// frames the message written anew, so that the next reader has one reading.
package enum HeadRewriter {
    /// Writes `head` as a request to a backend.
    ///
    /// - Parameter tunnel: the backend may be asked to switch protocols: Upgrade is passed on.
    package static func write(
        request head: borrowing RequestHead, in bytes: RawSpan, from peer: borrowing ForwardedPeer,
        tunnel: Bool = false, to writer: inout HTTPWriter
    ) {
        writer.append(head.methodName, of: bytes)
        writer.append(" ")
        writeTarget(head, in: bytes, to: &writer)
        writer.append(" HTTP/1.1\r\n")
        if head.section.host == nil {
            writer.append("Host: ")
            if let authority = head.target.authority {
                writer.append(authority, of: bytes)
            } else {
                writer.append(peer.fallbackHost)
            }
            writer.append("\r\n")
        }
        for field in head.section.fields {
            switch field.known {
            case .host:
                // RFC 9112 section 3.2.2: the authority of an absolute-form target replaces it.
                writer.append(field.name, of: bytes)
                writer.append(": ")
                writer.append(head.target.authority ?? field.value, of: bytes)
                writer.append("\r\n")
            case .xForwardedFor, .xForwardedProto, .xForwardedHost, .forwarded:
                break
            case .upgrade where tunnel && head.offersUpgrade:
                writer.append(field, of: bytes)
            case .expect where !head.expectsContinue:
                break
            case .transferEncoding:
                if head.framing == .chunked { writeFraming(field, value: "chunked", in: bytes, to: &writer) }
            default:
                if !head.section.isHopByHop(field, in: bytes) { writer.append(field, of: bytes) }
            }
        }
        peer.write(for: head, in: bytes, to: &writer)
        writer.append(tunnel && head.offersUpgrade ? "Connection: Upgrade\r\n\r\n" : "\r\n")
    }

    /// Origin form, whatever form was sent (RFC 9112 section 3.2.1); OPTIONS of a whole server stays "*".
    private static func writeTarget(
        _ head: borrowing RequestHead, in bytes: RawSpan, to writer: inout HTTPWriter
    ) {
        let path = head.target.path
        if path.isEmpty {
            // Section 3.2.4: an absolute form without path and query is "*" for OPTIONS.
            writer.append(head.method == .options ? "*" : "/")
            return
        }
        if bytes.byte(path.range.lowerBound) == UInt8(ascii: "?") { writer.append("/") }
        writer.append(path, of: bytes)
    }

    /// Writes `head` as a response to a client. For 1xx, `plan` only says what the client speaks.
    ///
    /// - Parameters:
    ///   - date: written when the backend sent none (RFC 9110 section 6.6.1); empty for none.
    ///   - tunnel: the response is a 101 that is passed on with its Upgrade.
    package static func write(
        response head: borrowing ResponseHead, in bytes: RawSpan, plan: ResponsePlan, date: [UInt8],
        tunnel: Bool = false, to writer: inout HTTPWriter
    ) {
        writer.append("HTTP/1.1 ")
        writer.append(decimal: UInt64(head.status.rawValue))
        writer.append(" ")
        writer.append(head.reason, of: bytes)
        writer.append("\r\n")
        // Section 6.1 and RFC 9110 section 8.6: neither belongs into 1xx and 204.
        let mayFrame = !head.status.isInformational && head.status != .noContent
        for field in head.section.fields {
            switch field.known {
            case .contentLength:
                if mayFrame { writer.append(field, of: bytes) }
            case .transferEncoding:
                if mayFrame, !plan.isOldClient { writeFraming(field, value: "chunked", in: bytes, to: &writer) }
            case .upgrade where tunnel:
                writer.append(field, of: bytes)
            default:
                if !head.section.isHopByHop(field, in: bytes) { writer.append(field, of: bytes) }
            }
        }
        if plan.framing == .chunked, !head.section.codings.isPresent {
            writer.append("Transfer-Encoding: chunked\r\n")
        }
        if head.status.isInformational {
            writer.append(tunnel ? "Connection: Upgrade\r\n\r\n" : "\r\n")
            return
        }
        if !head.section.hasDate, !date.isEmpty {
            writer.append("Date: ")
            writer.append(date)
            writer.append("\r\n")
        }
        plan.writeConnection(to: &writer)
        writer.append("\r\n")
    }

    private static func writeFraming(
        _ field: HeadField, value: StaticString, in bytes: RawSpan, to writer: inout HTTPWriter
    ) {
        writer.append(field.name, of: bytes)
        writer.append(": ")
        writer.append(value)
        writer.append("\r\n")
    }
}
