/// Where a socket listens or connects to: `127.0.0.1:80`, `[::1]:80` or `unix:/run/x.sock`.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// The family and its parts.
    public enum Kind: Hashable, Sendable {
        /// A literal IPv4 or IPv6 address (without brackets) and a port.
        case ip(host: String, port: UInt16)
        /// A path in the file system.
        case unix(path: String)
    }

    /// The family and its parts.
    public let kind: Kind

    /// A socket path has at most this many bytes, by the size of `sun_path` on the strictest platform.
    public static var maximumPathLength: Int { 104 }

    private init(_ kind: Kind) {
        self.kind = kind
    }

    /// An address from a literal IP address and a port.
    public static func ip(_ host: String, port: UInt16) -> SocketAddress { SocketAddress(.ip(host: host, port: port)) }

    /// An address from a path.
    public static func unix(_ path: String) -> SocketAddress { SocketAddress(.unix(path: path)) }

    /// Reads `host:port`, `[v6]:port`, `:port` (all IPv4 interfaces), `localhost:port` or `unix:path`; nil for
    /// anything else. Names other than `localhost` are not resolved.
    public init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard !path.isEmpty, path.utf8.count < Self.maximumPathLength, !path.utf8.contains(0) else { return nil }
            self.init(.unix(path: path))
            return
        }
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let port = UInt16(digits)
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":"), host.utf8.allSatisfy(Self.isIPv6Byte) else { return nil }
        } else if host.isEmpty {
            host = "0.0.0.0"
        } else if host == "localhost" {
            host = "127.0.0.1"
        } else {
            guard Self.isIPv4(host) else { return nil }
        }
        self.init(.ip(host: String(host), port: port))
    }

    /// The port, of an IP address.
    public var port: UInt16? {
        if case .ip(_, let port) = kind { port } else { nil }
    }

    /// The host, of an IP address.
    public var host: String? {
        if case .ip(let host, _) = kind { host } else { nil }
    }

    /// The form that ``init(_:)`` reads.
    public var description: String {
        switch kind {
        case .ip(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    private static func isIPv4(_ host: Substring) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { (48...57).contains($0) }
                    && UInt8(part) != nil
            }
    }

    private static func isIPv6Byte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...58, 65...70, 97...102, UInt8(ascii: "."): true
        default: false
        }
    }
}
