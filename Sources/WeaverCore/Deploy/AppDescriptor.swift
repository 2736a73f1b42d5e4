/// What an application's binary says that it contains: read from it before anything is started.
package struct AppDescriptor: Equatable, Sendable {
    package struct Component: Equatable, Sendable {
        /// `Module.Protocol`, or `main`.
        package var name: String
        /// The type that implements it.
        package var implementation: String
        /// `file:line` of the implementation.
        package var location: String
        /// Components that it calls.
        package var refs: [String]
        package var listeners: [String]
        /// Keys of its config section.
        package var configKeys: [String]
        /// Whether it takes a config section at all.
        package var hasConfig: Bool
        /// Whether keys beyond those listed may be valid.
        package var configIsOpen: Bool
        /// Whether calls go to the owner of a key.
        package var isRouted: Bool

        package init(
            name: String, implementation: String = "", location: String = "", refs: [String] = [],
            listeners: [String] = [], configKeys: [String] = [], hasConfig: Bool = false,
            configIsOpen: Bool = false, isRouted: Bool = false
        ) {
            self.name = name
            self.implementation = implementation
            self.location = location
            self.refs = refs
            self.listeners = listeners
            self.configKeys = configKeys
            self.hasConfig = hasConfig
            self.configIsOpen = configIsOpen
            self.isRouted = isRouted
        }
    }

    package var protocolVersions: ClosedRange<UInt32>
    /// Identifies the binary.
    package var version: String
    package var components: [Component]
    /// What is wrong with the binary itself: cycles, refs without implementation.
    package var problems: [String]

    /// Config sections that components cannot use; only when the binary was given sections to try.
    package var configProblems: [ConfigProblem] = []

    /// A config section that a component cannot use.
    package struct ConfigProblem: Equatable, Sendable {
        package var component: String
        /// The key in the section, as far as it is known.
        package var key: String?
        package var reason: String

        package init(component: String, key: String?, reason: String) {
            self.component = component
            self.key = key
            self.reason = reason
        }
    }

    package init(
        protocolVersions: ClosedRange<UInt32> = PipeProtocol.supported, version: String, components: [Component],
        problems: [String] = []
    ) {
        self.protocolVersions = protocolVersions
        self.version = version
        self.components = components
        self.problems = problems
    }

    /// The name of the component that every application begins with.
    package static let main = "main"
}
