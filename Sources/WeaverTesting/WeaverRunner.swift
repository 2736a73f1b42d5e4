/// How ``withWeaver(_:components:fakes:config:startTimeout:_:)`` runs an application.
///
///     @Test(arguments: WeaverRunner.allCases) func aCategoryIsFound(runner: WeaverRunner) async throws { ... }
public enum WeaverRunner: String, CaseIterable, Sendable, CustomStringConvertible {
    /// Everything in the test's process, with plain calls between components: as in a single process.
    case local
    /// Everything in the test's process, each component a replica of its own: every call is encoded and goes through a TCP
    /// connection of the loopback interface.
    case rpc
    /// Every group of components in processes of its own, so many as the config says: as in a deployment. On Linux only.
    case multi

    /// All that this platform has: without ``multi`` where that is not Linux.
    public static var allCases: [WeaverRunner] { all(startsProcesses: startsProcesses) }

    /// Its name.
    public var description: String { rawValue }

    // MARK: Platforms

    /// Whether a test's binary can be started as a replica: it has to find itself, and to leave before any test is looked for.
    static let startsProcesses: Bool = {
        #if os(Linux)
            true
        #else
            false
        #endif
    }()

    /// The runners of a platform.
    static func all(startsProcesses: Bool) -> [WeaverRunner] {
        startsProcesses ? [.local, .rpc, .multi] : [.local, .rpc]
    }

    /// Throws where a platform does not have this runner.
    func check(startsProcesses: Bool = WeaverRunner.startsProcesses) throws(WeaverTestError) {
        guard !Self.all(startsProcesses: startsProcesses).contains(self) else { return }
        throw .unsupportedRunner(
            "the runner .\(self) is for Linux only: .allRunners leaves it out elsewhere, and .rpc encodes and sends every call"
        )
    }
}

extension Collection where Self == [WeaverRunner] {
    /// All runners that this platform has, for the arguments of a test: `@Test(arguments: .allRunners)`.
    public static var allRunners: [WeaverRunner] { WeaverRunner.allCases }
}
