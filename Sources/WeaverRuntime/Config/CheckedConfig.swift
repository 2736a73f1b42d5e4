package import WeaverCore

/// A config that fits a binary, with every name of a component in full.
package struct CheckedConfig: Equatable, Sendable {
    /// The config.
    package let config: AppConfig
    /// What a deployment of it consists of.
    package let plan: DeploymentPlan
    /// The components' sections as TOML text, by full name.
    package let sections: [String: String]

    /// Where the sections stand.
    let sectionPaths: [String: [String]]

    /// The error of a section that a component could not use, with its line; `key` is the key in it, where known.
    package func error(inSectionOf component: String, key: String? = nil, _ reason: String) -> ConfigError {
        let path = sectionPaths[component] ?? []
        return config.source.error(at: path + (key.map { [$0] } ?? []), "[\(component)]: \(reason)")
    }

    /// The error of a key that has no meaning in the section of a component.
    func unknownKey(_ key: String, inSectionOf component: String, known: [String]) -> ConfigError {
        let path = (sectionPaths[component] ?? []) + [key]
        return config.source.error(at: path, ConfigNode.unknownKey(key, in: component, known: known))
    }

    /// Throws the first of the sections that the binary could not use.
    func refuse(_ problems: [AppDescriptor.ConfigProblem]) throws(ConfigError) {
        guard let first = problems.first else { return }
        throw error(inSectionOf: first.component, key: first.key, first.reason)
    }
}

extension AppConfig {
    /// Checks what the config says about the components and listeners of the binary that `descriptor` describes, and
    /// works out the plan. Throws the first problem. `hasMain` says whether the binary has to have a main component.
    package func check(against descriptor: AppDescriptor, hasMain: Bool = true) throws(ConfigError) -> CheckedConfig {
        try checkBinary(descriptor, hasMain: hasMain)
        let names = ComponentNames(descriptor)
        let colocate = try checkColocate(names)
        let groupReplicas = try checkGroups(names, colocate)
        try checkListeners(descriptor)
        var collector = SectionCollector(descriptor: descriptor, names: names, source: source)
        try collector.collect(sections)
        return CheckedConfig(
            config: self,
            plan: DeploymentPlan(
                application: name, descriptor: descriptor, colocate: colocate, replicas: replicas,
                groupReplicas: groupReplicas, listeners: multiListeners),
            sections: collector.found.mapValues { ConfigValue.document(of: $0.values) },
            sectionPaths: collector.found.mapValues(\.path))
    }

    private func checkBinary(_ descriptor: AppDescriptor, hasMain: Bool) throws(ConfigError) {
        let place = ["weaver", "binary"]
        if !descriptor.problems.isEmpty {
            throw source.error(at: place, "the binary cannot run: \(descriptor.problems.joined(separator: "; "))")
        }
        guard !hasMain || descriptor.components.contains(where: { $0.name == AppDescriptor.main }) else {
            throw source.error(at: place, "the binary has no component \"main\": no type has @Implements(Main.self)")
        }
    }

    private func checkColocate(_ names: ComponentNames) throws(ConfigError) -> [[String]] {
        var groups: [[String]] = []
        var groupOf: [String: Int] = [:]
        for (index, list) in colocate.enumerated() {
            var members: [String] = []
            for name in list {
                let full = try names.resolve(name, source)
                if let other = groupOf[full] {
                    let problem = other == index ? "is named twice in one group" : "is in two groups"
                    throw source.error(at: name.path, "the component \"\(full)\" \(problem) of colocate")
                }
                groupOf[full] = index
                members.append(full)
            }
            groups.append(members)
        }
        return groups
    }

    private func checkGroups(
        _ names: ComponentNames, _ colocate: [[String]]
    ) throws(ConfigError) -> [String: Int] {
        var replicas: [String: Int] = [:]
        for group in groups {
            let full = try names.resolve(group.component, source)
            let members = colocate.first { $0.contains(full) } ?? [full]
            if let other = members.first(where: { replicas[$0] != nil }) {
                throw source.error(
                    at: group.component.path,
                    other == full
                        ? "the group of \"\(full)\" has two sections"
                        : "\"\(full)\" and \"\(other)\" are one group, which has two sections")
            }
            replicas[full] = group.replicas
        }
        return replicas
    }

    private func checkListeners(_ descriptor: AppDescriptor) throws(ConfigError) {
        let known = Set(descriptor.components.flatMap(\.listeners)).sorted()
        for name in listenerNames where !known.contains(name.text) {
            let advice =
                NearestName.of(name.text, among: known).map { "; did you mean \"\($0)\"?" }
                ?? (known.isEmpty ? "; the binary has none" : "; the binary has \(known.joined(separator: ", "))")
            throw source.error(at: name.path, "unknown listener \"\(name.text)\"\(advice)")
        }
    }
}
