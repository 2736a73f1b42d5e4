internal import WeaverRuntime

/// Which components a test runs. The same in every process of it, which each find out by themselves.
struct ComponentChoice {
    /// The components that are run, without a main component.
    let registry: ComponentRegistry
    /// The implementations for which fakes stand, and all others that are linked or listed: whatever a config may speak of.
    let others: [ImplementationRecord]

    /// Chooses among `linked` and `listed`, as the runtime does, with `fakes` in the place of implementations. What only an
    /// implementation needs for which a fake stands is not run.
    init(
        linked: [ImplementationRecord], listed: [ImplementationRecord], fakes: [ImplementationRecord]
    ) throws(ComponentProblems) {
        let faked = Set(fakes.map(\.component.name))
        let isReal = { (record: ImplementationRecord) in !faked.contains(record.component.name) }
        if listed.isEmpty {
            let kept = Self.kept(linked, fakes: fakes, faked)
            registry = try ComponentRegistry(
                linked: linked.filter { isReal($0) && kept.contains($0.component.name) } + fakes, listed: [],
                hasMain: false)
        } else {
            registry = try ComponentRegistry(
                linked: linked.filter(isReal), listed: listed.filter(isReal) + fakes, hasMain: false)
        }
        others = listed + linked
    }

    /// The components of `linked` that are run without a list: all but those that only replaced implementations lead to.
    private static func kept(
        _ linked: [ImplementationRecord], fakes: [ImplementationRecord], _ faked: Set<String>
    ) -> Set<String> {
        let refs = Dictionary(grouping: linked, by: \.component.name).mapValues { records in
            records.flatMap { $0.references.map(\.component) }
        }
        let below = ComponentGraph.reachable(from: faked.flatMap { refs[$0] ?? [] }) { refs[$0] ?? [] }
        let roots = Set(refs.keys).subtracting(below).union(faked)
        return ComponentGraph.reachable(from: roots) { faked.contains($0) ? [] : refs[$0] ?? [] }
    }
}
