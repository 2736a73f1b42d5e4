import ArgumentParser
import WeaverLoop
import WeaverRuntime

/// A flag for each ``ProxySetting``.
struct ProxyLimitOptions: ParsableArguments {
    @Option(name: .long, help: Self.help("max_request_line")) var maxRequestLine: String?
    @Option(name: .long, help: Self.help("max_head")) var maxHead: String?
    @Option(name: .long, help: Self.help("max_fields")) var maxFields: String?
    @Option(name: .long, help: Self.help("max_body")) var maxBody: String?
    @Option(name: .long, help: Self.help("max_connections")) var maxConnections: String?
    @Option(name: .long, help: Self.help("header_timeout")) var headerTimeout: String?
    @Option(name: .long, help: Self.help("idle_timeout")) var idleTimeout: String?
    @Option(name: .long, help: Self.help("connect_timeout")) var connectTimeout: String?
    @Option(name: .long, help: Self.help("response_timeout")) var responseTimeout: String?
    @Option(name: .long, help: Self.help("max_backend_requests")) var maxBackendRequests: String?
    @Option(name: .long, help: Self.help("max_waiting")) var maxWaiting: String?
    @Option(name: .long, help: Self.help("wait_timeout")) var waitTimeout: String?
    @Option(name: .long, help: Self.help("failure_backoff")) var failureBackoff: String?
    @Option(name: .long, help: Self.help("backend_idle_timeout")) var backendIdleTimeout: String?
    @Option(name: .long, help: Self.help("tunnel_idle_timeout")) var tunnelIdleTimeout: String?
    @Option(name: .long, help: Self.help("tunnel_drain_timeout")) var tunnelDrainTimeout: String?
    @Option(name: .long, help: Self.help("half_closed_timeout")) var halfClosedTimeout: String?
    @Option(name: .long, help: Self.help("linger_timeout")) var lingerTimeout: String?
    @Option(name: .long, help: Self.help("max_splices")) var maxSplices: String?

    private var values: [(key: String, value: String?)] {
        [
            ("max_request_line", maxRequestLine), ("max_head", maxHead), ("max_fields", maxFields),
            ("max_body", maxBody), ("max_connections", maxConnections), ("header_timeout", headerTimeout),
            ("idle_timeout", idleTimeout), ("connect_timeout", connectTimeout),
            ("response_timeout", responseTimeout), ("max_backend_requests", maxBackendRequests),
            ("max_waiting", maxWaiting), ("wait_timeout", waitTimeout),
            ("failure_backoff", failureBackoff),
            ("backend_idle_timeout", backendIdleTimeout), ("tunnel_idle_timeout", tunnelIdleTimeout),
            ("tunnel_drain_timeout", tunnelDrainTimeout), ("half_closed_timeout", halfClosedTimeout),
            ("linger_timeout", lingerTimeout), ("max_splices", maxSplices),
        ]
    }

    /// Sets what was given.
    func apply(to configuration: inout ReverseProxyConfiguration) throws(ProxySettingError) {
        for (key, value) in values {
            guard let value, let setting = ProxySetting.named(key) else { continue }
            try setting.set(value, as: "--\(setting.flag)", in: &configuration)
        }
    }

    private static func help(_ key: String) -> ArgumentHelp {
        guard let setting = ProxySetting.named(key) else { preconditionFailure("no setting \(key)") }
        return ArgumentHelp("\(setting.summary). (default: \(setting.defaultText))", valueName: "value")
    }
}
