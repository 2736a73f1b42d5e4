internal import WeaverCore

/// What a config says about traces: `traces` and `traces_per_second` of `[multi]` and `[single]`.
package struct TraceOptions: Equatable, Sendable {
    /// The file that spans are written to; nil for none.
    package var file: String?
    /// How many of the traces that begin in a process are recorded each second.
    package var perSecond = RootSampler.defaultRate

    /// No file.
    package init() {}

    static let keys = ["traces", "traces_per_second"]

    /// Reads the value of `key`; false when that is none of ``keys``.
    mutating func read(_ key: String, _ node: ConfigNode) throws(ConfigError) -> Bool {
        switch key {
        case "traces":
            let path = try node.string()
            guard !path.isEmpty else { throw node.error("\(node.name) is empty") }
            file = path
        case "traces_per_second": perSecond = try node.integer(in: RootSampler.rates)
        default: return false
        }
        return true
    }
}
