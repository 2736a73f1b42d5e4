internal import Logging

/// A value for a property of an implementation that is constructed outside of a running application; see
/// ``ComponentContext/construct(_:with:)``.
public struct Injection: Sendable {
    fileprivate enum Value: Sendable {
        case component(String, any Sendable)
        case config(any Sendable)
        case listener(String, any Sendable)
    }

    fileprivate let value: Value

    /// The component that `@Ref` properties of that interface hold: a fake, or a real implementation.
    public static func component<D: ComponentDescriptor>(_ descriptor: D.Type, _ component: D.Interface) -> Injection {
        Injection(value: .component(D.info.name, component))
    }

    /// The value of the `@Config` property.
    public static func config<Value: Decodable & Sendable>(_ value: Value) -> Injection {
        Injection(value: .config(value))
    }

    /// The listener of that name.
    public static func listener<Value: Sendable>(_ name: String, _ listener: Value) -> Injection {
        Injection(value: .listener(name, listener))
    }
}

extension ComponentContext {
    /// Constructs an implementation by hand, as tests do, with values for its `@Ref`, `@Config` and `@Listener`
    /// properties. Its hooks are not called; a property without a value ends the program when it is used. Throws what its
    /// initialiser throws.
    public static func construct<I: Implementation>(_ type: I.Type, with injections: [Injection] = []) async throws -> I
    {
        let context = ComponentContext(
            component: I.implementationRecord.component.name, resources: InjectedResources(injections))
        return try await $current.withValue(context) { try await I(context: context) }
    }
}

/// The resources of a component that is constructed by hand.
private struct InjectedResources: ComponentResources {
    private var components: [String: any Sendable] = [:]
    private var listeners: [String: any Sendable] = [:]
    private var config: (any Sendable)?

    struct NoConfig: Error {}

    init(_ injections: [Injection]) {
        for injection in injections {
            switch injection.value {
            case .component(let name, let component): components[name] = component
            case .listener(let name, let listener): listeners[name] = listener
            case .config(let value): config = value
            }
        }
    }

    func reference(to component: String) -> (any Sendable)? { components[component] }
    func listener(named name: String) -> (any Sendable)? { listeners[name] }
    var logger: Logger { NoResources().logger }
    var replica: ReplicaInfo { NoResources().replica }

    func config(_ info: ConfigInfo) throws -> any Sendable {
        guard let config else { throw NoConfig() }
        return config
    }
}
