internal import WeaverCore

/// The names by which a config may call the components of a binary: the full name, or the part after the module where
/// no other component has the same.
package struct ComponentNames {
    let full: Set<String>
    private let byShortName: [String: [String]]

    init(_ descriptor: AppDescriptor) {
        self.init(descriptor.components.map(\.name))
    }

    /// - Parameter names: the full names of all components.
    package init(_ names: [String]) {
        full = Set(names)
        byShortName = Dictionary(grouping: full.sorted()) { Self.short($0) }
    }

    private static func short(_ name: String) -> String {
        name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]) } ?? name
    }

    /// What a name means.
    package enum Meaning: Equatable {
        case component(String)
        case ambiguous([String])
        case unknown
    }

    package func meaning(of name: String) -> Meaning {
        if full.contains(name) { return .component(name) }
        let candidates = byShortName[name] ?? []
        switch candidates.count {
        case 0: return .unknown
        case 1: return .component(candidates[0])
        default: return .ambiguous(candidates)
        }
    }

    /// Whether there are components of a module `name`.
    func isModule(_ name: String) -> Bool { full.contains { $0.hasPrefix(name + ".") } }

    /// The full name that `name` means, or the error at its place.
    func resolve(_ name: ConfigName, _ source: ConfigSource) throws(ConfigError) -> String {
        switch meaning(of: name.text) {
        case .component(let full): return full
        case .ambiguous(let candidates): throw ambiguous(name, candidates, source)
        case .unknown: throw source.error(at: name.path, "unknown component \"\(name.text)\"\(advice(for: name.text))")
        }
    }

    func ambiguous(_ name: ConfigName, _ candidates: [String], _ source: ConfigSource) -> ConfigError {
        source.error(at: name.path, "\"\(name.text)\" may be \(candidates.joined(separator: " or ")): write it in full")
    }

    /// The end of a message about a name that means nothing: the nearest one, or all when they are few.
    package func advice(for name: String, also others: [String] = []) -> String {
        // Short names first: a short name is nearer to a short name, and what most configs write.
        let short = byShortName.filter { $0.value.count == 1 }.keys.sorted()
        let candidates = name.contains(".") ? full.sorted() + short : short + full.sorted()
        if let nearest = NearestName.of(name, among: candidates + others) { return "; did you mean \"\(nearest)\"?" }
        guard full.count <= Self.mostListed else { return "" }
        return "; the binary has \(full.sorted().joined(separator: ", "))"
    }

    /// How many components a message lists at most.
    private static let mostListed = 12
}
