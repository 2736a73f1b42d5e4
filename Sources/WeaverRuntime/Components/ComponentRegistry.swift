internal import WeaverCore

/// The implementations of a program, one for each component, checked.
package struct ComponentRegistry: Sendable {
    /// The component that every application begins with.
    package static let main = AppDescriptor.main

    /// The implementations by component.
    package let records: [String: ImplementationRecord]
    /// Who needs whom among them.
    package let graph: ComponentGraph

    /// Chooses what is run, and checks it.
    ///
    /// Without a list all that is linked is run. With one, what it names and what that has refs to: so a binary with
    /// several applications, such as one of tests, can run each of them. What is listed goes before what is linked
    /// where both implement a component. A record that is found twice counts once.
    ///
    /// - Parameters:
    ///   - linked: what was found in the binary.
    ///   - listed: what the application has named itself.
    ///   - hasMain: whether there has to be a main component; otherwise none is run, also where one is linked or
    ///     listed; what a listed one has refs to is.
    package init(
        linked: [ImplementationRecord], listed: [ImplementationRecord], hasMain: Bool = true
    ) throws(ComponentProblems) {
        let listedNames = Set(listed.map(\.component.name))
        let candidates = Dictionary(
            grouping: Self.unique(listed + linked.filter { !listedNames.contains($0.component.name) }),
            by: \.component.name)
        let roots = listed.isEmpty ? Set(candidates.keys) : listedNames.union(hasMain ? [Self.main] : [])
        var run = ComponentGraph.reachable(from: roots) { component in
            candidates[component]?.flatMap { $0.references.map(\.component) } ?? []
        }
        if !hasMain { run.remove(Self.main) }
        let chosen = candidates.filter { run.contains($0.key) }
        graph = try ComponentGraph(chosen.values.joined().map(ComponentGraph.Node.init))
        records = chosen.compactMapValues(\.first)
        guard !hasMain || records[Self.main] != nil else { throw ComponentProblems([.noMain]) }
    }

    private static func unique(_ records: [ImplementationRecord]) -> [ImplementationRecord] {
        var seen: Set<String> = []
        return records.filter { seen.insert("\($0.implementation) \($0.location)").inserted }
    }
}

extension ComponentGraph.Node {
    /// What the graph has to know of `record`.
    package init(_ record: ImplementationRecord) {
        self.init(
            component: record.component.name, implementation: record.implementation,
            location: record.location.description,
            refs: record.references.map { ComponentGraph.Ref(property: $0.name, component: $0.component) },
            listeners: record.listeners,
            methods: record.component.methods.map { ComponentGraph.Method(name: $0.name, key: $0.key.rawValue) })
    }
}
