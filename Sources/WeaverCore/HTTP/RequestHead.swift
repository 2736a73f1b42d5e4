/// A parsed request head: offsets into the buffer it was parsed from, valid as long as that buffer is.
package struct RequestHead: Sendable {
    /// Which method it is.
    package internal(set) var method: HTTPMethod
    /// The method as it was sent.
    package internal(set) var methodName: ByteRange
    /// Where it is for.
    package internal(set) var target: RequestTarget
    /// 0 or 1: HTTP/1.0, or 1.1 and anything later under the major version 1.
    package internal(set) var minorVersion: UInt8
    /// Its fields.
    package internal(set) var section: FieldSection
    /// How its body ends.
    package internal(set) var framing: BodyFraming
    /// Bytes of the head, empty line included: the body starts here.
    package internal(set) var byteCount: Int

    /// The client would use this connection again (RFC 9112 section 9.3).
    package var keepAlive: Bool {
        if section.connection.close { return false }
        return minorVersion >= 1 || section.connection.keepAlive
    }

    /// The client waits for 100 (Continue) before it sends the body (RFC 9110 section 10.1.1).
    package var expectsContinue: Bool {
        section.expectsContinue && minorVersion >= 1 && framing != .none
    }

    /// The target as it was sent, in whichever form: its path is its end in each.
    package var targetRange: ByteRange { ByteRange(Int(methodName.end) + 1..<Int(target.path.end)) }

    /// How many proxies may still pass it on, this one included (RFC 9110 section 7.6.2): at 0 who has it answers it. Nil
    /// where nothing is said, and for methods other than OPTIONS and TRACE, for which it says nothing.
    package var forwardsLeft: UInt64? { method == .options || method == .trace ? section.maxForwards : nil }

    /// The host the request is for: of the target, else of the Host field. Nil for HTTP/1.0 without either.
    package var authority: ByteRange? { target.authority ?? section.host }
}

/// What of a request its response depends on; it outlives the head's buffer and holds on to no storage.
package struct RequestTraits: Sendable {
    /// Which method it is.
    package let method: HTTPMethod
    /// The client speaks HTTP/1.0.
    package let isOldClient: Bool
    /// The client would use its connection again.
    package let keepAlive: Bool
    /// How the request's body ends.
    package let framing: BodyFraming

    /// The traits of `head`.
    package init(_ head: borrowing RequestHead) {
        method = head.method
        isOldClient = head.minorVersion == 0
        keepAlive = head.keepAlive
        framing = head.framing
    }
}
