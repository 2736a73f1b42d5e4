internal import WeaverCore
internal import WeaverRuntime

/// What a test runs, checked before anything starts: the same for every runner, and so are its mistakes.
struct TestApplication {
    /// The components that are run, without a main component.
    let registry: ComponentRegistry
    /// The implementations that the test has listed.
    let listed: [any Implementation.Type]
    /// The components that fakes stand for.
    let faked: Set<String>
    /// What the config says of everything that is linked.
    let config: CheckedConfig

    /// Chooses and checks.
    ///
    /// - Throws: ``WeaverTestError``, and `ComponentProblems` for what is wrong with the refs.
    init(components: [any Implementation.Type], fakes: [any Sendable], config text: String) throws {
        let linked = LinkedRecords.all
        let listed = components.map { $0.implementationRecord }
        let fakes = try Fakes.records(
            of: fakes, among: Fakes.descriptors(of: linked.implementations + listed))
        try linked.registerErrors(with: listed + fakes)
        let choice = try ComponentChoice(linked: linked.implementations, listed: listed, fakes: fakes)
        registry = choice.registry
        self.listed = components
        faked = Set(fakes.map(\.component.name))
        do {
            let config = try AppConfig(text: text, file: "config", directory: ".")
            self.config = try config.check(against: try Self.described(choice), hasMain: false)
            try self.config.check(sectionsOf: registry)
        } catch let error as ConfigError {
            throw WeaverTestError.config("\(error)")
        }
    }

    /// What the config may speak of: real implementations go before the fakes that stand for them, so that the config of the
    /// application itself can be used.
    private static func described(_ choice: ComponentChoice) throws(BuildIdentity.Unknown) -> AppDescriptor {
        var records: [String: ImplementationRecord] = choice.registry.records
        for record in choice.others {
            let isFaked = records[record.component.name].map { $0.configs.isEmpty && !record.configs.isEmpty }
            if isFaked ?? true { records[record.component.name] = record }
        }
        return try descriptor(of: Array(records.values))
    }

    /// What a binary of `records` says of itself. The keys of sections are not looked for: that runs code of the application.
    static func descriptor(of records: [ImplementationRecord]) throws(BuildIdentity.Unknown) -> AppDescriptor {
        AppDescriptor(
            version: try BuildIdentity.current(),
            components: records.map { AppDescriptor.Component($0, findsConfigKeys: false) }.sorted { $0.name < $1.name }
        )
    }
}
