internal import WeaverCore
internal import WeaverLoop

/// The name of a component as the config writes it, and where.
struct ConfigName: Equatable, Sendable {
    let text: String
    /// See ``KeyLines``.
    let path: [String]
}

/// Reads the parts of a config one after the other.
struct ConfigReader {
    private(set) var name: String?
    private(set) var binary: String?
    private(set) var arguments: [String] = []
    private(set) var environment: [String] = []
    private(set) var colocate: [[ConfigName]] = []
    private(set) var replicas = DeploymentPlan.defaultReplicas
    private(set) var deadline = AppConfig.defaultDeadline
    private(set) var loadInterval = Babysitter.Limits().loadInterval
    private(set) var groups: [AppConfig.GroupSection] = []
    /// By `multi` or `single`, then by listener.
    private(set) var listeners: [String: [String: SocketAddress]] = [:]
    /// `[multi.proxy]`.
    private(set) var proxy = ProxyOptions()
    /// What `[multi.listeners.*]` makes of it, by listener.
    private(set) var listenerProxies: [String: ProxyOptions] = [:]
    /// All listeners that have a section, with an address or without.
    private(set) var listenerNames: [ConfigName] = []
    /// `[single] loops`.
    private(set) var loops = 1
    /// By `multi` or `single`.
    private(set) var telemetry: [String: TelemetryOptions] = [:]
    private(set) var sections: [String: ConfigValue] = [:]

    /// The sections that belong to the runtime.
    static let ownSections = ["weaver", "multi", "single"]
    /// The keys of `[weaver]`.
    static let weaverKeys = [
        "name", "binary", "args", "env", "colocate", "replicas", "deadline", "load_interval", "group",
    ]
    /// The keys of `[weaver.group.*]`.
    static let groupKeys = ["replicas"]
    /// The keys of `[multi]`.
    static let deployerKeys = ["listeners", "proxy"] + TelemetryOptions.keys
    /// The keys of `[single]`.
    static let singleKeys = ["listeners", "loops"] + TelemetryOptions.keys
    /// The keys of `[multi.listeners.*]` and `[single.listeners.*]`; those of ``ProxyOptions`` for `[multi]`, too.
    static let listenerKeys = ["address"]

    /// Reads a whole document.
    mutating func read(_ root: ConfigNode) throws(ConfigError) {
        for (key, node) in try root.table() {
            guard case .table = node.value else { throw Self.outsideOfSections(key, node) }
            switch key {
            case "weaver": try readWeaver(node)
            case "multi", "single": try readDeployer(key, node)
            default: sections[key] = node.value
            }
        }
    }

    private static func outsideOfSections(_ key: String, _ node: ConfigNode) -> ConfigError {
        if ownSections.contains(key) { return node.error("\(key) is \(node.value.kind), where a section is expected") }
        let advice = weaverKeys.contains(key) ? "; put it below the line [weaver]" : ""
        return node.error("the key \"\(key)\" stands outside of any section\(advice)")
    }

    // MARK: [weaver]

    private mutating func readWeaver(_ section: ConfigNode) throws(ConfigError) {
        for (key, node) in try section.table() {
            switch key {
            case "name": name = try Self.applicationName(node)
            case "binary": binary = try Self.path(node)
            case "args": arguments = try node.strings()
            case "env": environment = try Self.environment(node)
            case "colocate": colocate = try Self.colocate(node)
            case "replicas": replicas = try node.integer(in: AppConfig.replicaRange)
            case "deadline": deadline = try node.duration(in: AppConfig.deadlineRange, "1ms to 24h")
            case "load_interval":
                loadInterval = try node.duration(in: AppConfig.loadIntervalRange, "100ms to 1h")
            case "group": try readGroups(node, component: [])
            default: throw node.unknownKey(known: Self.weaverKeys)
            }
        }
    }

    private static func applicationName(_ node: ConfigNode) throws(ConfigError) -> String {
        let name = try node.string()
        guard (1...AppConfig.maximumNameLength).contains(name.utf8.count),
            name.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F && $0 != "/" })
        else {
            throw node.error(
                "\(node.name) has to have 1 to \(AppConfig.maximumNameLength) bytes without spaces and slashes")
        }
        return name
    }

    private static func path(_ node: ConfigNode) throws(ConfigError) -> String {
        let path = try node.string()
        guard !path.isEmpty else { throw node.error("\(node.name) is empty") }
        return path
    }

    private static func environment(_ node: ConfigNode) throws(ConfigError) -> [String] {
        var entries: [(name: Substring, entry: String)] = []
        for element in try node.array() {
            let entry = try element.string()
            guard let equals = entry.firstIndex(of: "="), equals != entry.startIndex else {
                throw element.error("\(element.name) = \"\(entry)\" is not written as NAME=value")
            }
            entries.removeAll { $0.name == entry[..<equals] }
            entries.append((entry[..<equals], entry))
        }
        return entries.map(\.entry)
    }

    private static func colocate(_ node: ConfigNode) throws(ConfigError) -> [[ConfigName]] {
        var groups: [[ConfigName]] = []
        for list in try node.array() {
            var names: [ConfigName] = []
            for element in try list.array() { names.append(ConfigName(text: try element.string(), path: element.path)) }
            guard !names.isEmpty else { throw list.error("\(list.name) is a group without components") }
            groups.append(names)
        }
        return groups
    }

    /// Reads `[weaver.group.Name]`, and `[weaver.group.Module.Name]`, which TOML takes apart at the dot.
    private mutating func readGroups(_ section: ConfigNode, component: [String]) throws(ConfigError) {
        var replicas: Int?
        // A section without any key names a group, too, and may name it wrongly; one with sections in it is a module.
        let table = try section.table()
        var isGroup = table.isEmpty && !component.isEmpty
        for (key, node) in table {
            if case .table = node.value {
                try readGroups(node, component: component + [key])
            } else if component.isEmpty {
                throw node.error("\(node.name) is \(node.value.kind), where a section is expected")
            } else if key == "replicas" {
                isGroup = true
                replicas = try node.integer(in: AppConfig.replicaRange)
            } else {
                throw node.unknownKey(known: Self.groupKeys)
            }
        }
        if isGroup {
            let name = ConfigName(text: component.joined(separator: "."), path: section.path)
            groups.append(AppConfig.GroupSection(component: name, replicas: replicas))
        }
    }

    // MARK: [multi], [single]

    private mutating func readDeployer(_ deployer: String, _ section: ConfigNode) throws(ConfigError) {
        let isMulti = deployer == "multi"
        let table = try section.table()
        // First, wherever it stands: what the listeners set comes on top.
        if isMulti, let node = table.first(where: { $0.key == "proxy" })?.node {
            for (key, node) in try node.table() where try !proxy.read(key, node) {
                throw node.unknownKey(known: ProxyOptions.keys)
            }
        }
        for (key, node) in table {
            if isMulti, key == "proxy" { continue }
            if try telemetry[deployer, default: TelemetryOptions()].read(key, node) { continue }
            if !isMulti, key == "loops" {
                loops = try node.integer(in: EventLoops.counts)
                continue
            }
            guard key == "listeners" else {
                throw node.unknownKey(known: isMulti ? Self.deployerKeys : Self.singleKeys)
            }
            var found: [(name: String, address: SocketAddress)] = []
            for (listener, node) in try node.table() {
                listenerNames.append(ConfigName(text: listener, path: node.path))
                guard let address = try readListener(listener, node, isMulti: isMulti) else { continue }
                if let other = found.first(where: { Self.collide($0.address, address) }) {
                    throw node.child("address", node.value).error(
                        "the listeners \"\(other.name)\" and \"\(listener)\" have the same address, \(address)")
                }
                found.append((listener, address))
            }
            listeners[deployer] = Dictionary(
                found.map { ($0.name, $0.address) }, uniquingKeysWith: { first, _ in first })
        }
    }

    private mutating func readListener(
        _ listener: String, _ section: ConfigNode, isMulti: Bool
    ) throws(ConfigError) -> SocketAddress? {
        var address: SocketAddress?
        var options = proxy
        for (key, node) in try section.table() {
            if key == "address" {
                address = try node.address()
            } else {
                if isMulti, try options.read(key, node) { continue }
                throw node.unknownKey(known: Self.listenerKeys + (isMulti ? ProxyOptions.keys : []))
            }
        }
        if isMulti { listenerProxies[listener] = options }
        return address
    }

    /// Whether two proxies cannot listen on these at once: one port, one host, or one of them all hosts.
    private static func collide(_ first: SocketAddress, _ second: SocketAddress) -> Bool {
        guard let one = first.host, let other = second.host, first.port == second.port, first.port != 0 else {
            return false
        }
        let all = ["0.0.0.0", "::"]
        return one == other || all.contains(one) || all.contains(other)
    }
}
