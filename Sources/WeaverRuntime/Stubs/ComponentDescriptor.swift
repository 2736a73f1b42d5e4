/// What `@Component` writes for a protocol `P`, as the enum `PComponent`: everything the runtime has to know of the
/// interface. For generated code; applications never implement it.
public protocol ComponentDescriptor: SendableMetatype {
    /// The existential of the interface, `any P`.
    associatedtype Interface: Sendable
    /// The existential of the interface's routers, `any PRouting`.
    associatedtype Router: Sendable = Never

    /// The name, the methods and the error types of the interface.
    static var info: ComponentInfo { get }

    /// `implementation` behind the counting and timing of local calls.
    static func localStub(_ implementation: Interface, _ link: LocalLink) -> Interface

    /// A stub that sends every call through `client`, with the routing keys that `router` computes.
    static func clientStub(_ client: ComponentClient, _ router: Router?) -> Interface

    /// The methods of `implementation`, in the order of ``ComponentInfo/methods``, with the routing keys that `router`
    /// computes.
    static func serverStub(_ implementation: Interface, _ router: Router?) -> [ServerMethod]
}
