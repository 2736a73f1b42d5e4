internal import WeaverCore
package import WeaverLoop

/// One limit or bound of the proxy as its operators know it. The config and the command line both go through
/// ``all``, so that names, ranges and messages are the same, and the defaults are those of
/// `ReverseProxyConfiguration`.
package struct ProxySetting: Sendable {
    /// The key in `[multi.proxy]` and `[multi.listeners.*]`. The flag is the same with dashes, see ``flag``.
    package let key: String
    /// One line: what it bounds, and what happens past it.
    package let summary: String
    /// The default as people read it, where it is worked out; nil for a fixed one.
    private let workedOut: String?
    private let kind: Kind

    private typealias Path<Value> = WritableKeyPath<ReverseProxyConfiguration, Value> & Sendable

    private enum Kind: Sendable {
        case duration(any Path<Duration>, ClosedRange<Duration>)
        /// Bytes.
        case size(any Path<Int>, ClosedRange<Int>)
        /// Bytes, where 0 is no limit.
        case openSize(any Path<UInt64>)
        case count(any Path<Int>, ClosedRange<Int>)
    }

    private init(_ key: String, _ kind: Kind, _ summary: String, default workedOut: String? = nil) {
        self.key = key
        self.kind = kind
        self.summary = summary
        self.workedOut = workedOut
    }

    private static let times = Duration.milliseconds(1)...Duration.seconds(24 * 3600)

    /// All of them, in the order in which they are shown.
    package static let all: [ProxySetting] = [
        ProxySetting(
            "max_request_line", .size(\.server.limits.requestLineBytes, 64...1 << 20),
            "bytes of a request line; past it 414"),
        ProxySetting(
            "max_head", .size(\.server.limits.headBytes, 256...16 << 20), "bytes of a request's head; past it 431"),
        ProxySetting(
            "max_fields", .count(\.server.limits.fieldCount, 1...10_000), "header fields of a request; past it 431"),
        ProxySetting(
            "max_body", .openSize(\.server.limits.bodyBytes), "bytes of a request's body, 0 for no limit; past it 413"),
        ProxySetting(
            "max_connections", .count(\.server.maximumConnections, 1...1_000_000),
            "clients' connections at a time; one more gets 503", default: "16384, or what the open files allow"),
        ProxySetting(
            "header_timeout", .duration(\.server.headerTimeout, times),
            "a request's head has to be complete so long after its first byte; past it 408"),
        ProxySetting(
            "idle_timeout", .duration(\.server.idleTimeout, times),
            "a connection without a request, or whose client neither sends nor reads, is closed"),
        ProxySetting(
            "connect_timeout", .duration(\.connectTimeout, times),
            "a connection to a backend has to be made; past it another backend, then 504"),
        ProxySetting(
            "response_timeout", .duration(\.responseTimeout, times),
            "a backend has to begin its response so long after the request; past it 504"),
        ProxySetting(
            "max_backend_requests", .count(\.maximumBackendRequests, 0...1_000_000),
            "requests in flight with one backend, 0 for no limit; more wait"),
        ProxySetting(
            "max_waiting", .count(\.maximumWaiting, 0...1_000_000),
            "requests that wait for a backend; one more gets 503"),
        ProxySetting(
            "wait_timeout", .duration(\.waitTimeout, times),
            "how long a request waits when no backend is ready or all are busy; past it 503"),
        ProxySetting(
            "failure_backoff", .duration(\.failureBackoff, times),
            "how long a backend that failed is asked last; a request that all have failed waits for it once"),
        ProxySetting(
            "backend_idle_timeout", .duration(\.keptConnectionTimeout, times),
            "a connection to a backend that carries nothing is closed"),
        ProxySetting(
            "tunnel_idle_timeout", .duration(\.server.tunnelIdleTimeout, .zero ... .seconds(24 * 3600)),
            "a tunnel (WebSocket and the like) through which nothing passes is cut; 0s for never"),
        ProxySetting(
            "tunnel_drain_timeout", .duration(\.server.tunnelDrainTimeout, times),
            "how long a tunnel goes on when the proxy ends; past it cut"),
        ProxySetting(
            "half_closed_timeout", .duration(\.server.halfClosedTimeout, times),
            "a client that has closed its side, and may be gone, is cut when its response is silent for so long"),
        ProxySetting(
            "linger_timeout", .duration(\.server.lingerTimeout, times),
            "how long a connection that closes still takes bytes, so that its last response is read"),
        ProxySetting(
            "max_splices", .count(\.maximumSplices, 0...100_000),
            "long bodies at a time that pass inside of the kernel, two descriptors each; others are copied"),
    ]

    /// The config may have a bare number.
    var takesNumber: Bool { if case .duration = kind { false } else { true } }

    /// What the config is to have, for messages.
    var form: String {
        switch kind {
        case .duration: "a duration such as \"30s\" or \"500ms\""
        case .size, .openSize: "a size such as 65536 or \"64KiB\""
        case .count: "a number"
        }
    }

    /// The setting with this key.
    package static func named(_ key: String) -> ProxySetting? { all.first { $0.key == key } }

    /// The name on the command line, without its dashes.
    package var flag: String { String(key.map { $0 == "_" ? "-" : $0 }) }

    /// The default, for people.
    package var defaultText: String { workedOut ?? text(in: ReverseProxyConfiguration()) }

    /// The value in `configuration`.
    package func text(in configuration: ReverseProxyConfiguration) -> String {
        switch kind {
        case .duration(let path, _): DurationText.text(configuration[keyPath: path])
        case .size(let path, _): SizeText.text(UInt64(configuration[keyPath: path]))
        case .openSize(let path): SizeText.text(configuration[keyPath: path])
        case .count(let path, _): "\(configuration[keyPath: path])"
        }
    }

    /// Reads `text`; `name` is what the user calls the setting, for the message.
    package func set(
        _ text: String, as name: String, in configuration: inout ReverseProxyConfiguration
    ) throws(ProxySettingError) {
        switch kind {
        case .duration(let path, let range):
            guard let value = DurationText.parse(text) else {
                throw ProxySettingError(
                    "\(name) = \"\(text)\" is no duration: write it like \"\(defaultText)\", \"500ms\" or \"1m30s\"")
            }
            try check(value, in: range, name, text, DurationText.text)
            configuration[keyPath: path] = value
        case .size(let path, let range):
            let value = Int(clamping: try size(text, name))
            try check(value, in: range, name, text) { SizeText.text(UInt64($0)) }
            configuration[keyPath: path] = value
        case .openSize(let path):
            configuration[keyPath: path] = try size(text, name)
        case .count(let path, let range):
            guard let value = Int(text) else {
                throw ProxySettingError(
                    "\(name) = \"\(text)\" is no number: write it like \(self.text(in: ReverseProxyConfiguration()))")
            }
            try check(value, in: range, name, text) { "\($0)" }
            configuration[keyPath: path] = value
        }
    }

    private func size(_ text: String, _ name: String) throws(ProxySettingError) -> UInt64 {
        guard let value = SizeText.parse(text) else {
            throw ProxySettingError(
                "\(name) = \"\(text)\" is no size: write it in bytes, or like \"64KiB\" or \"10MiB\"")
        }
        return value
    }

    private func check<Value: Comparable>(
        _ value: Value, in range: ClosedRange<Value>, _ name: String, _ text: String, _ shown: (Value) -> String
    ) throws(ProxySettingError) {
        guard range.contains(value) else {
            throw ProxySettingError(
                "\(name) is \(text), where \(shown(range.lowerBound)) to \(shown(range.upperBound)) is allowed")
        }
    }
}

/// A value that a setting cannot have, in one line for the user.
package struct ProxySettingError: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
