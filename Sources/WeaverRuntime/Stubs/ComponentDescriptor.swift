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

    /// Decodes the arguments of the method with that index in ``ComponentInfo/methods``, synchronously, and gives the
    /// call back ready to run. Throws ``WireError`` for bytes that are no arguments of it.
    static func invoke(
        _ method: Int, on implementation: Interface, _ router: Router?, arguments: inout WireDecoder
    ) throws(WireError) -> Invocation
}
