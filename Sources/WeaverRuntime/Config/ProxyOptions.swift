package import WeaverCore
package import WeaverLoop

/// What operators choose for one proxy: `[multi.proxy]` for all of a deployment, `[multi.listeners.*]` for one, the flags
/// of `weaver proxy`.
package struct ProxyOptions: Equatable, Sendable {
    /// Limits, bounds and whom it trusts.
    package var configuration = ReverseProxyConfiguration()
    /// How the access log is written; nil for none.
    package var accessLog: AccessLogFormat?
    /// The file that it goes to; nil for the deployer's log, or the standard output of `weaver proxy`.
    package var accessLogFile: String?

    /// The defaults.
    package init() {}

    /// The value of `access_log` that means none.
    package static let noAccessLog = "off"
    /// What `access_log` may be.
    package static let accessLogNames = [noAccessLog] + AccessLogFormat.allCases.map(\.rawValue)

    /// Reads `text` as the value of `access_log`; `name` is what the user calls it, for the message.
    package mutating func setAccessLog(_ text: String, as name: String) throws(ProxySettingError) {
        guard Self.accessLogNames.contains(text) else {
            throw ProxySettingError(
                "\(name) = \"\(text)\" is no format of an access log"
                    + (NearestName.of(text, among: Self.accessLogNames).map { "; did you mean \"\($0)\"?" }
                        ?? "; known: \(Self.accessLogNames.joined(separator: ", "))"))
        }
        accessLog = AccessLogFormat(rawValue: text)
    }

    /// Adds a block of trusted addresses; `name` is what the user calls the setting, for the message.
    package mutating func trust(_ text: String, as name: String) throws(ProxySettingError) {
        guard configuration.trustedProxies.insert(text) else {
            throw ProxySettingError(
                "\(name) = \"\(text)\" is no address or block: write it like \"127.0.0.1\", \"10.0.0.0/8\", \"::1/128\" or \"unix\""
            )
        }
    }
}

/// The keys of `[multi.proxy]` and `[multi.listeners.*]`.
extension ProxyOptions {
    /// All keys.
    static let keys =
        ProxySetting.all.map(\.key) + ["trusted_proxies", "proxy_protocol", "access_log", "access_log_file"]

    /// Reads the value of `key`; false when that is none of ``keys``.
    mutating func read(_ key: String, _ node: ConfigNode) throws(ConfigError) -> Bool {
        do throws(ProxySettingError) {
            switch key {
            case "trusted_proxies":
                configuration.trustedProxies = TrustedProxies()
                for element in try Self.elements(node) { try trust(try Self.text(element), as: element.name) }
            case "proxy_protocol":
                guard case .bool(let accepts) = node.value else {
                    throw ProxySettingError("\(node.name) is \(node.value.kind), where true or false is expected")
                }
                configuration.acceptsProxyProtocol = accepts
            case "access_log": try setAccessLog(try Self.text(node), as: node.name)
            case "access_log_file":
                let path = try Self.text(node)
                guard !path.isEmpty else { throw ProxySettingError("\(node.name) is empty") }
                accessLogFile = path
            default:
                guard let setting = ProxySetting.named(key) else { return false }
                try setting.set(try Self.text(node, orNumberFor: setting), as: node.name, in: &configuration)
            }
        } catch {
            throw node.error(error.description)
        }
        return true
    }

    private static func elements(_ node: ConfigNode) throws(ProxySettingError) -> [ConfigNode] {
        do { return try node.array() } catch { throw ProxySettingError(error.message) }
    }

    private static func text(
        _ node: ConfigNode, orNumberFor setting: ProxySetting? = nil
    ) throws(ProxySettingError) -> String {
        if case .integer(let number) = node.value, setting?.takesNumber == true { return "\(number)" }
        guard case .string(let text) = node.value else {
            throw ProxySettingError(
                "\(node.name) is \(node.value.kind), where \(setting?.form ?? "a string") is expected")
        }
        return text
    }
}
