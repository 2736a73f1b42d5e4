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
    /// What in it makes no difference, though it may be meant to.
    let warnings: [ConfigNote]

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
            self.config = try config.check(
                against: try AppDescriptor(running: registry, others: choice.others), hasMain: false)
            warnings = try self.config.checkKeys(ofSectionsOf: registry)
        } catch let error as ConfigError {
            throw WeaverTestError.config("\(error)")
        }
    }

}
