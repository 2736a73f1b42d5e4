/// Makes a component of a protocol: its methods can be called from other processes.
///
///     @Component
///     protocol Categories: Sendable {
///         func get(_ id: Int) async throws -> Category?
///     }
///
/// Errors of the types given as `errors` travel as themselves, as those marked ``Serializable()`` always do.
@attached(
    peer, names: suffixed(Component), suffixed(ClientStub), suffixed(LocalStub), suffixed(ServerStub),
    suffixed(Routing), suffixed(Bystander))
@attached(extension, names: arbitrary)
public macro Component(errors: (any Error.Type)...) = #externalMacro(module: "WeaverMacros", type: "ComponentMacro")

/// Makes an actor, a final class or a struct the implementation of a component.
///
///     @Implements(Categories.self)
///     actor CategoryService: Categories { ... }
///
/// - Parameters:
///   - interface: The protocol, as `Categories.self`.
///   - runsOn: Where its methods run.
@attached(member, names: named(context), named(WeaverBystander))
@attached(
    extension, conformances: Implementation, names: named(init), named(implementationRecord), named(weaverEntry))
public macro Implements<Interface>(_ interface: Interface.Type, runsOn: RunsOn = .loop) =
    #externalMacro(module: "WeaverMacros", type: "ImplementsMacro")

/// Makes an actor, a final class or a struct the implementation of a component whose calls are routed.
///
/// - Parameters:
///   - interface: The protocol, as `CategoryCache.self`.
///   - runsOn: Where its methods run.
///   - routedBy: A type without state that conforms to `CategoryCacheRouting`, which ``Component(errors:)`` has
///     written: it has the interface's methods, each returning a ``RoutingKey``.
@attached(member, names: named(context), named(WeaverBystander))
@attached(
    extension, conformances: Implementation, names: named(init), named(implementationRecord), named(weaverEntry))
public macro Implements<Interface, Router>(
    _ interface: Interface.Type, runsOn: RunsOn = .loop, routedBy: Router.Type
) = #externalMacro(module: "WeaverMacros", type: "ImplementsMacro")

/// A property that holds another component: `@Ref var cache: any CategoryCache`.
@attached(accessor)
@attached(peer, names: prefixed(_))
public macro Ref() = #externalMacro(module: "WeaverMacros", type: "RefMacro")

/// A property that holds a listener of the application, by the property's name: `@Listener var lemon: WeaverListener`.
@attached(accessor)
@attached(peer, names: prefixed(_))
public macro Listener() = #externalMacro(module: "WeaverMacros", type: "ListenerMacro")

/// A property that holds a listener of the application, by the name given.
@attached(accessor)
@attached(peer, names: prefixed(_))
public macro Listener(_ name: String) = #externalMacro(module: "WeaverMacros", type: "ListenerMacro")

/// A property that holds the component's section of the config, decoded: `@Config var config: CategoryConfig`.
@attached(accessor)
@attached(peer, names: prefixed(_))
public macro Config() = #externalMacro(module: "WeaverMacros", type: "ConfigMacro")

/// Makes a struct or an enum `Sendable` and travel by the fast codec, and an error type travel as itself.
@attached(
    extension, conformances: WireCodable, Sendable, names: named(encode), named(init), named(minimumWireSize),
    named(weaverEntry))
public macro Serializable() = #externalMacro(module: "WeaverMacros", type: "SerializableMacro")

/// Says that running a method of a component twice does no harm, so that the runtime may send a call again whose
/// answer was lost.
@attached(peer)
public macro Idempotent() = #externalMacro(module: "WeaverMacros", type: "IdempotentMacro")

/// How long calls of a method of a component may take, where the caller sets no earlier deadline.
@attached(peer)
public macro Deadline(_ duration: Duration) = #externalMacro(module: "WeaverMacros", type: "DeadlineMacro")
