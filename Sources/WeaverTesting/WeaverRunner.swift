/// How ``withWeaver(_:components:fakes:config:startTimeout:_:)`` runs an application.
///
///     @Test(arguments: WeaverRunner.allCases) func aCategoryIsFound(runner: WeaverRunner) async throws { ... }
public enum WeaverRunner: String, CaseIterable, Sendable, CustomStringConvertible {
    /// Everything in the test's process, with plain calls between components: as in a single process.
    case local
    /// Everything in the test's process, each component a replica of its own: every call is encoded and goes through a TCP
    /// connection of the loopback interface.
    case rpc
    /// Every group of components in processes of its own, so many as the config says: as in a deployment.
    case multi

    /// Its name.
    public var description: String { rawValue }
}

extension Collection where Self == [WeaverRunner] {
    /// All runners, for the arguments of a test: `@Test(arguments: .allRunners)`.
    public static var allRunners: [WeaverRunner] { WeaverRunner.allCases }
}
