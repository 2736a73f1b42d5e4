// What the property macros store: a box that picks its value from the construction that is under way when it is made,
// which is when the implementation's stored properties get their defaults, before any line of its initialiser.

/// The stored part of a `@Ref` property. For generated code.
public struct Ref<D: ComponentDescriptor>: Sendable {
    private let interface: D.Interface?
    private let property: StaticString

    /// The box of the property of that name in the construction that is under way.
    public init(_ property: StaticString, _ descriptor: D.Type) {
        self.property = property
        let found = ComponentContext.current?.resources.reference(to: D.info.name)
        interface = found as? D.Interface
    }

    /// The component.
    public var value: D.Interface {
        guard let interface else { notConstructed("@Ref", property) }
        return interface
    }
}

/// The stored part of a `@Listener` property. For generated code.
public struct ListenerBox<Value: Sendable>: Sendable {
    private let listener: Value?
    private let property: StaticString

    /// The box of the listener of that name in the construction that is under way.
    public init(_ property: StaticString, named name: String) {
        self.property = property
        listener = ComponentContext.current?.resources.listener(named: name) as? Value
    }

    /// The listener.
    public var value: Value {
        guard let listener else { notConstructed("@Listener", property) }
        return listener
    }
}

/// The stored part of a `@Config` property. For generated code.
public struct ConfigBox<Value: Decodable & Sendable>: Sendable {
    private let config: Value?
    private let property: StaticString

    /// The box of the property of that name in the construction that is under way.
    public init(_ property: StaticString) {
        self.property = property
        // The runtime decodes and checks all sections before it constructs anything, so nothing is thrown here.
        let found = try? ComponentContext.current?.resources.config(ConfigInfo("\(property)", Value.self))
        config = found as? Value
    }

    /// The decoded section.
    public var value: Value {
        guard let config else { notConstructed("@Config", property) }
        return config
    }
}

/// The end of a program that uses a property of a component that the runtime did not construct.
private func notConstructed(_ attribute: String, _ property: StaticString) -> Never {
    fatalError(
        """
        The \(attribute) property '\(property)' has no value: its component was made by a plain initialiser. Components \
        get their refs, listeners and config from the runtime: run them by Weaver.run(components:), or in a test \
        construct them by ComponentContext.construct(_:with:).
        """)
}
