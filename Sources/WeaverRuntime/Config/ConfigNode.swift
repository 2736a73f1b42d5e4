internal import WeaverCore

/// A value of a config with its place, which reads itself as what is expected or says why it cannot.
struct ConfigNode {
    let value: ConfigValue
    /// See ``KeyLines``.
    let path: [String]
    let source: ConfigSource

    /// The key as the user knows it: `weaver.colocate[0][1]`.
    var name: String {
        path.reduce(into: "") { name, part in
            // Only elements of arrays have plain numbers where a value is asked for its name.
            if !name.isEmpty, part.utf8.allSatisfy({ (48...57).contains($0) }) {
                name += "[\(part)]"
            } else {
                name += name.isEmpty ? part : ".\(part)"
            }
        }
    }

    func error(_ message: String) -> ConfigError { source.error(at: path, message) }

    private func mismatch(_ expected: String) -> ConfigError {
        error("\(name) is \(value.kind), where \(expected) is expected")
    }

    func child(_ key: String, _ value: ConfigValue) -> ConfigNode {
        ConfigNode(value: value, path: path + [key], source: source)
    }

    func string() throws(ConfigError) -> String {
        guard case .string(let text) = value else { throw mismatch("a string") }
        return text
    }

    /// An integer within `range`; `what` names it with its unit.
    func integer(in range: ClosedRange<Int>) throws(ConfigError) -> Int {
        guard case .integer(let number) = value else { throw mismatch("an integer") }
        guard range.contains(number) else {
            throw error("\(name) is \(number), where \(range.lowerBound) to \(range.upperBound) is allowed")
        }
        return number
    }

    func duration(in range: ClosedRange<Duration>, _ limits: String) throws(ConfigError) -> Duration {
        guard case .string(let text) = value else { throw mismatch("a duration such as \"30s\" or \"500ms\"") }
        guard let duration = DurationText.parse(text) else {
            throw error("\(name) = \"\(text)\" is no duration: write it like \"30s\", \"500ms\" or \"1m30s\"")
        }
        guard range.contains(duration) else { throw error("\(name) is \(text), where \(limits) is allowed") }
        return duration
    }

    func address() throws(ConfigError) -> SocketAddress {
        let text = try string()
        guard let address = SocketAddress(text), address.port != nil else {
            throw error("\(name) = \"\(text)\" is no address: write it as host:port, like \"127.0.0.1:12345\"")
        }
        return address
    }

    func array() throws(ConfigError) -> [ConfigNode] {
        guard case .array(let values) = value else { throw mismatch("an array") }
        return values.enumerated().map { child("\($0)", $1) }
    }

    func strings() throws(ConfigError) -> [String] {
        var strings: [String] = []
        for element in try array() { strings.append(try element.string()) }
        return strings
    }

    /// The keys and values of a table, in the order of the file.
    func table() throws(ConfigError) -> [(key: String, node: ConfigNode)] {
        guard case .table(let table) = value else { throw mismatch("a table") }
        return table.map { ($0, child($0, $1)) }
            .sorted { ($0.1.source.line(of: $0.1.path), $0.0) < ($1.1.source.line(of: $1.1.path), $1.0) }
    }

    /// The error of a key that has no meaning in its table.
    func unknownKey(known: [String]) -> ConfigError {
        error(Self.unknownKey(path.last ?? "", in: path.dropLast().joined(separator: "."), known: known))
    }

    /// The message of it.
    static func unknownKey(_ key: String, in section: String, known: some Sequence<String>) -> String {
        "unknown key \"\(key)\" in [\(section)]"
            + (NearestName.of(key, among: known).map { "; did you mean \"\($0)\"?" }
                ?? "; known: \(known.sorted().joined(separator: ", "))")
    }
}

/// The file that a config was read from: where its keys stand.
struct ConfigSource: Equatable, Sendable {
    let file: String
    let lines: KeyLines

    func error(at path: [String], _ message: String) -> ConfigError {
        ConfigError(file: file, line: lines.line(of: path), message: message)
    }

    /// For sorting: keys without a line come last.
    func line(of path: [String]) -> Int { lines.line(of: path) ?? .max }
}
