package import WeaverCore

/// What a config says about traces and metrics: `traces`, `traces_per_second` and `metrics` of `[multi]` and `[single]`.
package struct TelemetryOptions: Equatable, Sendable {
    /// The file that spans are written to; nil for none.
    package var traces: String?
    /// How many of the traces that begin in a process are recorded each second.
    package var tracesPerSecond = RootSampler.defaultRate
    /// Where metrics can be fetched; nil for nowhere.
    package var metrics: SocketAddress?

    /// Nothing.
    package init() {}

    static let keys = ["metrics", "traces", "traces_per_second"]

    /// Reads the value of `key`; false when that is none of ``keys``.
    mutating func read(_ key: String, _ node: ConfigNode) throws(ConfigError) -> Bool {
        switch key {
        case "traces":
            let path = try node.string()
            guard !path.isEmpty else { throw node.error("\(node.name) is empty") }
            traces = path
        case "traces_per_second": tracesPerSecond = try node.integer(in: RootSampler.rates)
        case "metrics": metrics = try node.address()
        default: return false
        }
        return true
    }
}
