/// The interface of the application's own component, the one that is started first: `@main @Implements(Main.self)`.
public protocol Main: Sendable {
    /// The application's life: the process ends when it returns, and with code 1 when it throws. Its task is cancelled
    /// when the process has to end: when its listeners have answered what was in flight, 10 s later at the latest.
    func serve() async throws
}

/// What ``Component(errors:)`` writes for every interface: a type that conforms to it and of which there is no value.
public nonisolated protocol MainBystander {}

extension Main where Self: MainBystander {
    /// Never called; throws nothing.
    public func serve() async throws { fatalError("there is no value of a bystander") }
}

/// The descriptor of ``Main``. It has no methods, since no component refers to it.
public enum MainComponent: ComponentDescriptor {
    /// Any application.
    public typealias Interface = any Main
    /// Calls of it are not routed.
    public typealias Router = Never

    /// The name `main`.
    public static let name = "main"

    /// The name, without methods.
    public static let info = ComponentInfo(name: name, methods: [], location: SourceLocation(#fileID, #line))

    /// The application itself: its one method is called by the runtime only.
    public static func localStub(_ implementation: any Main, _ link: LocalLink) -> any Main { implementation }

    /// Never called: no component can have a ref to `Main`.
    public static func clientStub(_ client: ComponentClient, _ router: Never?) -> any Main {
        fatalError("the main component is not called by others")
    }

    /// There are no methods.
    public static func serverStub(_ implementation: any Main, _ router: Never?) -> [ServerMethod] { [] }
}
