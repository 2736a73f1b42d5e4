package import WeaverCore

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// An application's config file, read and checked as far as that goes without knowing the binary. What it says about
/// components is checked by ``check(against:)``.
package struct AppConfig: Equatable, Sendable {
    /// The path that it was loaded from, as given.
    package let file: String
    /// The absolute path of the file's folder, which relative paths in it start from.
    package let directory: String
    /// `name`; without it the binary's last path component, or without a binary the file's without its extension.
    package let name: String
    /// `binary` as an absolute path; see ``executable()``.
    package let binary: String?
    /// `args`.
    package let arguments: [String]
    /// `env`, each `NAME=value`; of several with one name only the last.
    package let environment: [String]
    /// `deadline`: the bound of calls that have no other.
    package let deadline: Duration
    /// `load_interval`: how often replicas of routed components are asked for their load.
    package let loadInterval: Duration
    /// `replicas`: how often a group runs that has no count of its own.
    package let replicas: Int
    /// `[multi.listeners.*]`: addresses by listener name.
    package let multiListeners: [String: SocketAddress]
    /// `[multi.proxy]`: the proxies of listeners that set nothing of their own.
    package let proxy: ProxyOptions
    /// `[multi.listeners.*]`: the proxies of listeners that have a section.
    package let listenerProxies: [String: ProxyOptions]
    /// `[single.listeners.*]`: addresses by listener name.
    package let singleListeners: [String: SocketAddress]
    /// `[single] loops`: how many loops a single process has.
    package let singleLoops: Int
    /// `[multi]`: where traces and metrics go.
    package let multiTelemetry: TelemetryOptions
    /// `[single]`: where traces and metrics go.
    package let singleTelemetry: TelemetryOptions

    /// Every listener that has a section.
    let listenerNames: [ConfigName]
    /// Where everything stands.
    let source: ConfigSource
    /// `colocate`, as written.
    let colocate: [[ConfigName]]
    /// `[weaver.group.*]`, as written.
    let groups: [GroupSection]
    /// The sections that are not the runtime's own: the components'.
    let sections: [String: ConfigValue]

    /// A group's section: the name of one of its components, and what it sets.
    struct GroupSection: Equatable, Sendable {
        let component: ConfigName
        let replicas: Int?
    }

    /// The bound of calls when neither config, method nor caller sets one.
    package static let defaultDeadline = Duration.seconds(30)
    /// What `deadline` may be.
    package static let deadlineRange = Duration.milliseconds(1)...Duration.seconds(24 * 3600)
    /// What `load_interval` may be. Its default is that of ``Babysitter/Limits/loadInterval``.
    package static let loadIntervalRange = Duration.milliseconds(100)...Duration.seconds(3600)
    /// What `replicas` may be.
    package static let replicaRange = 1...256
    /// The largest config file that is read, in bytes.
    package static let maximumSize = 1 << 20
    /// The longest application name, in bytes.
    package static let maximumNameLength = 64

    /// Reads the config file at `path`.
    package static func load(_ path: String) throws(ConfigError) -> AppConfig {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try SmallFile.read(path, limit: maximumSize)
        } catch {
            throw ConfigError(file: path, line: nil, message: "the config cannot be read: \(error)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigError(file: path, line: nil, message: "the config is not UTF-8 text")
        }
        // The parser takes a C string: what follows a NUL would be left out silently.
        if let end = text.utf8.firstIndex(of: 0) {
            let line = text.utf8[..<end].count { $0 == UInt8(ascii: "\n") } + 1
            throw ConfigError(file: path, line: line, message: "a NUL character is not allowed")
        }
        let absolute = path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
        return try AppConfig(text: text, file: path, directory: folder(of: absolute))
    }

    /// Reads a config from its text; `file` is its name in messages.
    package init(text: String, file: String, directory: String) throws(ConfigError) {
        let root = try ConfigValue.parse(text, file: file)
        let source = ConfigSource(file: file, lines: KeyLines(of: text))
        var reader = ConfigReader()
        try reader.read(ConfigNode(value: .table(root), path: [], source: source))
        self.file = file
        self.directory = directory
        self.source = source
        binary = reader.binary.map { $0.hasPrefix("/") ? $0 : "\(directory)/\($0)" }
        name = reader.name ?? reader.binary.map(Self.lastComponent) ?? Self.stem(of: file)
        arguments = reader.arguments
        environment = reader.environment
        deadline = reader.deadline
        loadInterval = reader.loadInterval
        replicas = reader.replicas
        multiListeners = reader.listeners["multi"] ?? [:]
        proxy = reader.proxy
        listenerProxies = reader.listenerProxies
        singleListeners = reader.listeners["single"] ?? [:]
        singleLoops = reader.loops
        multiTelemetry = reader.telemetry["multi"] ?? TelemetryOptions()
        singleTelemetry = reader.telemetry["single"] ?? TelemetryOptions()
        listenerNames = reader.listenerNames
        colocate = reader.colocate
        groups = reader.groups
        sections = reader.sections
    }

    private static func folder(of path: String) -> String {
        String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }

    private static func lastComponent(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    private static func stem(of path: String) -> String {
        let name = lastComponent(path)
        return name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    }
}
