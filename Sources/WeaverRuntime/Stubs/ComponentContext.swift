package import Logging

/// What the runtime gives to a component when it constructs it.
///
/// Every implementation has it as its property `context`; `init(context:)` receives it.
public struct ComponentContext: Sendable {
    /// The component's full name, `Module.Protocol` or `main`.
    public let component: String
    /// Where the values of the implementation's properties come from.
    package let resources: any ComponentResources

    /// A context for the component of that name.
    package init(component: String, resources: any ComponentResources) {
        self.component = component
        self.resources = resources
    }

    /// The context of the construction that is under way in this task.
    @TaskLocal package static var current: ComponentContext?

    /// The context of the construction that is under way, for the property that `@Implements` adds. For generated code.
    public static func injected() -> ComponentContext {
        current ?? ComponentContext(component: "", resources: NoResources())
    }
}

/// Where the properties of an implementation get their values while it is constructed. The runtime has one behind each
/// ``ComponentContext``.
package protocol ComponentResources: Sendable {
    /// The component of that full name, as its interface's existential; nil when there is none.
    func reference(to component: String) -> (any Sendable)?
    /// The value of a `@Config` property, decoded by `info`; throws when the section does not decode.
    func config(_ info: ConfigInfo) throws -> any Sendable
    /// The listener of that name; nil when there is none.
    func listener(named name: String) -> (any Sendable)?
    /// The component's logger.
    var logger: Logger { get }
    /// The process.
    var replica: ReplicaInfo { get }
}

/// The resources of a component that was made outside the runtime.
struct NoResources: ComponentResources {
    func reference(to component: String) -> (any Sendable)? { nil }
    func config(_ info: ConfigInfo) throws -> any Sendable { throw NotConstructed() }
    func listener(named name: String) -> (any Sendable)? { nil }
    var logger: Logger { ComponentContext.unmanagedLogger }
    var replica: ReplicaInfo { ReplicaInfo(application: "", deployment: "", replica: "", group: []) }

    struct NotConstructed: Error {}
}
