/// Writes a head for the next hop: order, case and repeats of the fields kept, what was meant for one hop removed, what
/// frames the message written anew, so that the next reader has one reading.
package enum HeadRewriter {
    /// Writes `head` as a request to a backend.
    ///
    /// - Parameters:
    ///   - requestID: the id that the backend gets.
    ///   - upgrade: what the request offers to change to; nil for an ordinary request.
    package static func write(
        request head: borrowing RequestHead, in bytes: RawSpan, from peer: borrowing ForwardedPeer,
        requestID: RequestID, upgrade: UpgradeOffer? = nil, to output: inout OutputBuffer
    ) {
        output.append(head.methodName, of: bytes)
        output.append(ascii: " ")
        writeTarget(head, in: bytes, to: &output)
        output.append(ascii: " HTTP/1.1\r\n")
        if head.section.host == nil {
            output.append(ascii: "Host: ")
            if let authority = head.target.authority {
                output.append(authority, of: bytes)
            } else {
                output.append(utf8: peer.fallbackHost)
            }
            output.append(ascii: "\r\n")
        }
        var isMaxForwardsWritten = false
        for field in head.section.fields {
            switch field.known {
            case .host:
                // RFC 9112 section 3.2.2: the authority of an absolute-form target replaces it.
                output.append(field.name, of: bytes)
                output.append(ascii: ": ")
                output.append(head.target.authority ?? field.value, of: bytes)
                output.append(ascii: "\r\n")
            case .xForwardedFor, .xForwardedProto, .xForwardedHost, .forwarded, .lookalike:
                break
            case .xRequestID:
                if case .received = requestID { output.append(field, of: bytes) }
            case .expect where !head.expectsContinue:
                break
            case .maxForwards where head.forwardsLeft != nil:
                // Several would be several readings: one is left.
                if !isMaxForwardsWritten { writeMaxForwards(head, to: &output) }
                isMaxForwardsWritten = true
            case .transferEncoding:
                if head.framing == .chunked { writeFraming(field, value: "chunked", in: bytes, to: &output) }
            default:
                if !head.section.isHopByHop(field, in: bytes) { output.append(field, of: bytes) }
            }
        }
        writeConnection(upgrade, acceptsTrailers: head.section.acceptsTrailers && head.minorVersion >= 1, to: &output)
        peer.write(for: head, in: bytes, to: &output)
        if case .made = requestID { requestID.writeField(to: &output) }
        // RFC 9110 section 7.6.3: a gateway has to say so towards its backends.
        output.append(ascii: head.minorVersion >= 1 ? "Via: 1.1 weaver\r\n\r\n" : "Via: 1.0 weaver\r\n\r\n")
    }

    private static func writeMaxForwards(_ head: borrowing RequestHead, to output: inout OutputBuffer) {
        output.append(ascii: "Max-Forwards: ")
        output.append(decimal: max(head.forwardsLeft ?? 0, 1) - 1)
        output.append(ascii: "\r\n")
    }

    /// What is offered to the backend for this connection. Of TE only trailers is ours to offer: they are passed on.
    private static func writeConnection(
        _ upgrade: UpgradeOffer?, acceptsTrailers: Bool, to output: inout OutputBuffer
    ) {
        if let upgrade {
            output.append(ascii: acceptsTrailers ? "Connection: upgrade, TE\r\n" : "Connection: upgrade\r\n")
            output.append(ascii: "Upgrade: ")
            output.append(upgrade.protocols)
            output.append(ascii: "\r\n")
        } else if acceptsTrailers {
            output.append(ascii: "Connection: TE\r\n")
        }
        if acceptsTrailers { output.append(ascii: "TE: trailers\r\n") }
    }

    /// Origin form, whatever form was sent (RFC 9112 section 3.2.1); OPTIONS of a whole server stays "*".
    private static func writeTarget(
        _ head: borrowing RequestHead, in bytes: RawSpan, to output: inout OutputBuffer
    ) {
        let path = head.target.path
        if path.isEmpty {
            // Section 3.2.4: an absolute form without path and query is "*" for OPTIONS.
            output.append(ascii: head.method == .options ? "*" : "/")
            return
        }
        if bytes.byte(path.range.lowerBound) == UInt8(ascii: "?") { output.append(ascii: "/") }
        output.append(path, of: bytes)
    }

    /// Writes `head` as a response to a client. For 1xx, `plan` only says what the client speaks.
    ///
    /// - Parameters:
    ///   - date: written when the backend sent none (RFC 9110 section 6.6.1); empty for none.
    ///   - requestID: likewise; nil for none.
    package static func write(
        response head: borrowing ResponseHead, in bytes: RawSpan, plan: ResponsePlan, date: [UInt8],
        requestID: RequestID? = nil, to output: inout OutputBuffer
    ) {
        output.append(ascii: "HTTP/1.1 ")
        output.append(decimal: UInt64(head.status.rawValue))
        output.append(ascii: " ")
        output.append(head.reason, of: bytes)
        output.append(ascii: "\r\n")
        // Section 6.1 and RFC 9110 section 8.6: neither belongs into 1xx and 204.
        let mayFrame = !head.status.isInformational && head.status != .noContent
        // Of 101 it is the answer, of 426 the advice (RFC 9110 section 15.5.22): meant for the client, not for us.
        let keepsUpgrade = head.status == .switchingProtocols || head.status == .upgradeRequired
        for field in head.section.fields {
            switch field.known {
            case .contentLength:
                if mayFrame { output.append(field, of: bytes) }
            case .transferEncoding:
                if mayFrame, !plan.isOldClient { writeFraming(field, value: "chunked", in: bytes, to: &output) }
            case .trailer where plan.isOldClient:
                break
            case .upgrade where keepsUpgrade:
                output.append(field, of: bytes)
            default:
                if !head.section.isHopByHop(field, in: bytes) { output.append(field, of: bytes) }
            }
        }
        if keepsUpgrade { output.append(ascii: "Connection: upgrade\r\n") }
        if head.section.requestID == nil { requestID?.writeField(to: &output) }
        if plan.framing == .chunked, !head.section.codings.isPresent {
            output.append(ascii: "Transfer-Encoding: chunked\r\n")
        }
        if head.status.isInformational {
            output.append(ascii: "\r\n")
            return
        }
        if !head.section.hasDate, !date.isEmpty {
            output.append(ascii: "Date: ")
            output.append(date)
            output.append(ascii: "\r\n")
        }
        plan.writeConnection(to: &output)
        output.append(ascii: "\r\n")
    }

    private static func writeFraming(
        _ field: HeadField, value: StaticString, in bytes: RawSpan, to output: inout OutputBuffer
    ) {
        output.append(field.name, of: bytes)
        output.append(ascii: ": ")
        output.append(ascii: value)
        output.append(ascii: "\r\n")
    }
}
