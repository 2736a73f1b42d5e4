/// Where the methods of a component run.
public enum RunsOn: Sendable, Hashable {
    /// On the process's event loop, where calls arrive: for methods that mostly wait. The default.
    case loop
    /// On Swift's global concurrent pool: for methods that block or compute for long.
    case pool
}

/// What `@Implements` writes about an implementation: everything the runtime needs to check, to construct and to serve
/// it, with the types erased.
public struct ImplementationRecord: Sendable {
    /// The interface.
    public let component: ComponentInfo
    /// The interface's existential type.
    package let interface: ObjectIdentifier
    /// The interface's descriptor.
    package let descriptor: any ComponentDescriptor.Type
    /// The implementing type's name, as written.
    public let implementation: String
    /// Where the implementation is written.
    public let location: SourceLocation
    /// Where its methods run.
    public let runsOn: RunsOn
    /// Its `@Ref` properties, in the order of the source.
    public let references: [RefInfo]
    /// The names of its `@Listener` properties.
    public let listeners: [String]
    /// Its `@Config` properties.
    public let configs: [ConfigInfo]
    /// Whether calls are routed by a key.
    public let isRouted: Bool

    /// Constructs the implementation with `context` current, so that its `@Ref`, `@Config` and `@Listener` properties
    /// find their values also inside its own initialiser.
    package let construct: @Sendable (ComponentContext) async throws -> any Implementation
    /// The interface over a constructed implementation: the local stub, as the interface's existential, which is what a
    /// ``Ref`` to it holds.
    package let localStub: @Sendable (any Implementation, LocalLink) -> any Sendable
    /// The interface over another process, as the interface's existential.
    package let clientStub: @Sendable (ComponentClient) -> any Sendable
    /// The server stub over a constructed implementation.
    package let serverStub: @Sendable (any Implementation) -> [ServerMethod]

    /// Describes the implementation `type` of the interface of `descriptor`. `interface` is the conversion that only
    /// the implementation's own file can write.
    public init<D: ComponentDescriptor, I: Implementation>(
        _ descriptor: D.Type, _ type: I.Type, implementation: String, location: SourceLocation,
        runsOn: RunsOn = .loop, router: D.Router? = nil, references: [RefInfo] = [], listeners: [String] = [],
        configs: [ConfigInfo] = [], interface: @escaping @Sendable (I) -> D.Interface
    ) {
        self.component = D.info
        self.interface = ObjectIdentifier(D.Interface.self)
        self.descriptor = D.self
        self.implementation = implementation
        self.location = location
        self.runsOn = runsOn
        self.references = references
        self.listeners = listeners
        self.configs = configs
        self.isRouted = router != nil
        construct = { context in
            try await ComponentContext.$current.withValue(context) { try await I(context: context) }
        }
        localStub = { implementation, link in D.localStub(interface(Self.cast(implementation)), link) }
        clientStub = { client in D.clientStub(client, router) }
        serverStub = { implementation in
            D.serverStub(interface(Self.cast(implementation)), router)
        }
    }

    /// Describes an object that stands for the implementation of `descriptor`, such as a test's fake. `make` gives it; what
    /// it throws is a failed start. Its methods run on the loop, and its calls are not routed.
    package init<D: ComponentDescriptor>(
        standIn descriptor: D.Type, implementation: String, location: SourceLocation, references: [RefInfo] = [],
        make: @escaping @Sendable (ComponentContext) async throws -> D.Interface
    ) {
        self.component = D.info
        self.interface = ObjectIdentifier(D.Interface.self)
        self.descriptor = D.self
        self.implementation = implementation
        self.location = location
        self.runsOn = .loop
        self.references = references
        self.listeners = []
        self.configs = []
        self.isRouted = false
        construct = { context in StandIn<D>(try await make(context)) }
        localStub = { standIn, link in D.localStub((Self.cast(standIn) as StandIn<D>).interface, link) }
        clientStub = { client in D.clientStub(client, nil) }
        serverStub = { standIn in D.serverStub((Self.cast(standIn) as StandIn<D>).interface, nil) }
    }

    private static func cast<I: Implementation>(_ implementation: any Implementation) -> I {
        guard let implementation = implementation as? I else {
            preconditionFailure("\(type(of: implementation)) was constructed by the record of \(I.self)")
        }
        return implementation
    }
}

/// A property of an implementation that holds another component.
public struct RefInfo: Sendable {
    /// The property's name.
    public let name: String
    /// The full name of the component that it holds.
    public let component: String
    /// The descriptor of that component.
    package let descriptor: any ComponentDescriptor.Type

    /// Describes the property `name` that holds a component of `descriptor`.
    public init<D: ComponentDescriptor>(_ name: String, _ descriptor: D.Type) {
        self.name = name
        self.component = D.info.name
        self.descriptor = D.self
    }
}
