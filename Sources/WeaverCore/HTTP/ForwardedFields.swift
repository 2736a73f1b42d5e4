/// What a proxy tells its backend about the client (X-Forwarded-*, and Forwarded of RFC 7239).
///
/// A client can write these fields as well as a proxy: they are replaced, and appended to only when the peer is a
/// proxy that the operator trusts.
package struct ForwardedPeer: Sendable {
    /// The peer's address without port, as text: "203.0.113.7" or "2001:db8::1"; "unknown" for a Unix socket.
    package let address: String
    /// The scheme the peer used.
    package let scheme: StaticString
    /// The peer's own fields are believed.
    package let isTrusted: Bool
    /// What the Host field gets when an HTTP/1.0 request has none: the address that the client connected to.
    package let fallbackHost: String

    /// A peer that speaks plain HTTP.
    package init(address: String, scheme: StaticString = "http", isTrusted: Bool, fallbackHost: String) {
        self.address = address
        self.scheme = scheme
        self.isTrusted = isTrusted
        self.fallbackHost = fallbackHost
    }

    /// Writes the forwarding fields that go with `head`.
    package func write(for head: borrowing RequestHead, in bytes: RawSpan, to writer: inout HTTPWriter) {
        writer.append("X-Forwarded-For: ")
        if isTrusted, appendValues(of: .xForwardedFor, head, bytes, to: &writer) { writer.append(", ") }
        writer.append(address)
        writer.append("\r\nX-Forwarded-Proto: ")
        if !(isTrusted && appendValues(of: .xForwardedProto, head, bytes, to: &writer)) { writer.append(scheme) }
        writer.append("\r\nX-Forwarded-Host: ")
        if !(isTrusted && appendValues(of: .xForwardedHost, head, bytes, to: &writer)) {
            if let authority = head.authority {
                writer.append(authority, of: bytes)
            } else {
                writer.append(fallbackHost)
            }
        }
        writer.append("\r\n")
        guard isTrusted, head.section.fields.contains(where: { $0.known == .forwarded }) else { return }
        writer.append("Forwarded: ")
        appendValues(of: .forwarded, head, bytes, to: &writer)
        // An IPv6 address has colons: brackets and quotes (RFC 7239 section 6).
        writer.append(address.utf8.contains(UInt8(ascii: ":")) ? ", for=\"[\(address)]\"" : ", for=\(address)")
        writer.append("\r\n")
    }

    /// Appends all values of `known`, joined by commas; false when there is none.
    @discardableResult
    private func appendValues(
        of known: KnownField, _ head: borrowing RequestHead, _ bytes: RawSpan, to writer: inout HTTPWriter
    ) -> Bool {
        var found = false
        for field in head.section.fields where field.known == known && !field.value.isEmpty {
            if found { writer.append(", ") }
            writer.append(field.value, of: bytes)
            found = true
        }
        return found
    }
}
