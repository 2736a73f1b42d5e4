/// What a proxy tells its backend about the client (X-Forwarded-*, and Forwarded of RFC 7239).
///
/// A client can write these fields as well as a proxy: they are replaced, and appended to only when the peer is a
/// proxy that the operator trusts. X-Forwarded-* is always written; Forwarded where somebody has written it before.
package struct ForwardedPeer: Sendable {
    /// The peer's address without port, as text: "203.0.113.7" or "2001:db8::1"; nil on a Unix socket.
    package let host: String?
    /// The scheme the peer used.
    package let scheme: StaticString
    /// The peer's own fields are believed.
    package let isTrusted: Bool
    /// What the Host field gets when an HTTP/1.0 request has none: the address that the client connected to.
    package var fallbackHost: String

    /// A peer that speaks plain HTTP.
    package init(host: String?, scheme: StaticString = "http", isTrusted: Bool, fallbackHost: String = "") {
        self.host = host
        self.scheme = scheme
        self.isTrusted = isTrusted
        self.fallbackHost = fallbackHost
    }

    /// The address as fields and logs have it (RFC 7239 section 6.2).
    package var address: String { host ?? "unknown" }

    /// Writes the forwarding fields that go with `head`. A trusted peer on a Unix socket has no address to be appended: who
    /// looks at the last one finds the one that it vouches for.
    package func write(for head: borrowing RequestHead, in bytes: RawSpan, to output: inout OutputBuffer) {
        output.append(ascii: "X-Forwarded-For: ")
        let isForwarded = isTrusted && appendValues(of: .xForwardedFor, head, bytes, to: &output)
        if isForwarded, host != nil { output.append(ascii: ", ") }
        if host != nil || !isForwarded { output.append(utf8: address) }
        output.append(ascii: "\r\nX-Forwarded-Proto: ")
        if !(isTrusted && appendValues(of: .xForwardedProto, head, bytes, to: &output)) { output.append(ascii: scheme) }
        output.append(ascii: "\r\nX-Forwarded-Host: ")
        if !(isTrusted && appendValues(of: .xForwardedHost, head, bytes, to: &output)) {
            if let authority = head.authority {
                output.append(authority, of: bytes)
            } else {
                output.append(utf8: fallbackHost)
            }
        }
        output.append(ascii: "\r\n")
        guard head.section.hasForwarded else { return }
        output.append(ascii: "Forwarded: ")
        if isTrusted, appendValues(of: .forwarded, head, bytes, to: &output) { output.append(ascii: ", ") }
        // An IPv6 address has colons: brackets and quotes (RFC 7239 section 6).
        output.append(utf8: address.utf8.contains(UInt8(ascii: ":")) ? "for=\"[\(address)]\"" : "for=\(address)")
        output.append(ascii: ";host=\"")
        if let authority = head.authority {
            output.append(authority, of: bytes)
        } else {
            output.append(utf8: fallbackHost)
        }
        output.append(ascii: "\";proto=")
        output.append(ascii: scheme)
        output.append(ascii: "\r\n")
    }

    /// Appends all values of `known`, joined by commas; false when there is none.
    private func appendValues(
        of known: KnownField, _ head: borrowing RequestHead, _ bytes: RawSpan, to output: inout OutputBuffer
    ) -> Bool {
        var found = false
        for field in head.section.fields where field.known == known && !field.value.isEmpty {
            if found { output.append(ascii: ", ") }
            output.append(field.value, of: bytes)
            found = true
        }
        return found
    }
}
