internal import WeaverCore

/// Finds the components that the config's sections are for, and checks their keys.
///
/// `[Products]` and `["Shop.Products"]` are sections of the root; `[Shop.Products]` is one of a table `Shop`, which
/// may itself be the section of a component `Shop`.
struct SectionCollector {
    /// A component's section.
    struct Section {
        let values: [String: ConfigValue]
        let path: [String]
    }

    /// By full name.
    private(set) var found: [String: Section] = [:]

    private let components: [String: AppDescriptor.Component]
    private let names: ComponentNames
    private let source: ConfigSource

    init(descriptor: AppDescriptor, names: ComponentNames, source: ConfigSource) {
        components = Dictionary(descriptor.components.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.names = names
        self.source = source
    }

    /// Takes all sections that are not the runtime's own.
    mutating func collect(_ sections: [String: ConfigValue]) throws(ConfigError) {
        let root = ConfigNode(value: .table(sections), path: [], source: source)
        for (key, node) in try root.table() { try collect(ConfigName(text: key, path: [key]), node) }
    }

    private mutating func collect(_ name: ConfigName, _ section: ConfigNode) throws(ConfigError) {
        var values: [(key: String, node: ConfigNode)] = []
        let isModule = names.isModule(name.text)
        for (key, node) in try section.table() {
            let inner = ConfigName(text: "\(name.text).\(key)", path: node.path)
            if isModule, case .table = node.value, names.full.contains(inner.text) || names.isModule(inner.text) {
                try collect(inner, node)
            } else {
                values.append((key, node))
            }
        }
        switch names.meaning(of: name.text) {
        case .component(let full):
            if !isModule || !values.isEmpty { try take(full, section, values) }
        case .ambiguous(let candidates): throw names.ambiguous(name, candidates, source)
        case .unknown:
            guard isModule else { throw unknown(name) }
            if let first = values.first {
                throw unknown(ConfigName(text: "\(name.text).\(first.key)", path: first.node.path))
            }
        }
    }

    private func unknown(_ name: ConfigName) -> ConfigError {
        source.error(
            at: name.path,
            "unknown section [\(name.text)]\(names.advice(for: name.text, also: ConfigReader.ownSections))")
    }

    private mutating func take(
        _ component: String, _ section: ConfigNode, _ values: [(key: String, node: ConfigNode)]
    ) throws(ConfigError) {
        if let other = found[component] {
            let line = source.lines.line(of: other.path).map { ", the other in line \($0)" } ?? ""
            throw section.error("the component \"\(component)\" has two sections\(line)")
        }
        for (_, node) in values { try check(node, of: component) }
        if let component = components[component], !component.hasConfig {
            throw section.error("the component \"\(component.name)\" takes no config: it has no @Config property")
        }
        let table = Dictionary(values.map { ($0.key, $0.node.value) }, uniquingKeysWith: { first, _ in first })
        found[component] = Section(values: table, path: section.path)
    }

    private func check(_ node: ConfigNode, of component: String) throws(ConfigError) {
        guard let component = components[component], component.hasConfig, let key = node.path.last else { return }
        let known = component.configKeys
        guard !component.configIsOpen, !known.contains(key) else { return }
        throw node.error(ConfigNode.unknownKey(key, in: component.name, known: known))
    }
}
