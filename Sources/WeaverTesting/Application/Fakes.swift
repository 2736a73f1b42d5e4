internal import WeaverCore
internal import WeaverRuntime

/// Which components the fakes of a test stand for.
enum Fakes {
    /// The records of `fakes`, one for each component that one of them stands for: a fake stands for all whose interfaces it
    /// conforms to. `descriptors` are the components that are known, by name.
    static func records(
        of fakes: [any Sendable], among descriptors: [String: any ComponentDescriptor.Type]
    ) throws(WeaverTestError) -> [ImplementationRecord] {
        var records: [String: ImplementationRecord] = [:]
        for fake in fakes {
            let own = descriptors.values.compactMap { record(of: fake, for: $0) }
            guard !own.isEmpty else { throw unknown(fake, Array(descriptors.keys)) }
            for record in own {
                guard let other = records.updateValue(record, forKey: record.component.name) else { continue }
                throw .fake(
                    "two fakes stand for \(record.component.name): \(other.implementation) and \(record.implementation)"
                )
            }
        }
        return records.values.sorted { $0.component.name < $1.component.name }
    }

    private static func record<D: ComponentDescriptor>(
        of fake: any Sendable, for descriptor: D.Type
    ) -> ImplementationRecord? {
        guard let interface = fake as? D.Interface else { return nil }
        return ImplementationRecord(
            standIn: descriptor, implementation: "\(type(of: fake))", location: D.info.location
        ) { _ in interface }
    }

    /// The record of a component that a fake in another process stands for.
    static func record<D: ComponentDescriptor>(elsewhere descriptor: D.Type) -> ImplementationRecord {
        ImplementationRecord(standIn: descriptor, implementation: "a fake", location: D.info.location) { _ in
            throw WeaverTestError.fake("the fake of \(D.info.name) is in the test's process")
        }
    }

    /// The components of `records`, and those that they have refs to, by name; the main component is none that a fake could
    /// stand for.
    static func descriptors(of records: [ImplementationRecord]) -> [String: any ComponentDescriptor.Type] {
        var descriptors: [String: any ComponentDescriptor.Type] = [:]
        for record in records {
            descriptors[record.component.name] = record.descriptor
            for ref in record.references { descriptors[ref.component] = ref.descriptor }
        }
        descriptors[ComponentRegistry.main] = nil
        return descriptors
    }

    // MARK: Advice

    private static func unknown(_ fake: any Sendable, _ components: [String]) -> WeaverTestError {
        let name = "\(type(of: fake))"
        let stem = stem(of: name)
        // The nearest by the name that it has in its module.
        let nearest = NearestName.of(stem, among: components.map(lastPart).sorted())
        let full = components.sorted().first { lastPart(of: $0) == nearest }
        let advice =
            full.map { "; is it meant for \($0), whose protocol it does not conform to?" }
            ?? (components.isEmpty ? "; there are none" : "; there are \(components.sorted().joined(separator: ", "))")
        return .fake("\(name) conforms to the protocol of no component\(advice)")
    }

    private static func lastPart(of component: String) -> String {
        component.split(separator: ".").last.map(String.init) ?? component
    }

    /// The name of a fake without what says that it is one.
    static func stem(of name: String) -> String {
        for word in ["Fake", "Mock", "Stub", "Spy", "Test"] {
            if name.hasPrefix(word) { return String(name.dropFirst(word.count)) }
            if name.hasSuffix(word) { return String(name.dropLast(word.count)) }
        }
        return name
    }
}
