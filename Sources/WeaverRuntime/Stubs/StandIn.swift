/// What is constructed where an object stands for a component's implementation; see
/// ``ImplementationRecord/init(standIn:implementation:location:references:make:)``.
struct StandIn<D: ComponentDescriptor>: Implementation {
    let interface: D.Interface

    init(_ interface: D.Interface) { self.interface = interface }

    static var implementationRecord: ImplementationRecord {
        ImplementationRecord(standIn: D.self, implementation: "\(Self.self)", location: D.info.location) { _ in
            throw NotConstructible()
        }
    }

    init(context: ComponentContext) async throws { throw NotConstructible() }

    /// Nothing makes one but the record that has the object.
    struct NotConstructible: Error {}
}
