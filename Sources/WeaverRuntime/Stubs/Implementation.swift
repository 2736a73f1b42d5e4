/// What `@Implements` makes of an actor, a final class or a struct. Applications do not conform to it themselves, but
/// may implement the hooks ``start()`` and ``stop()``.
public protocol Implementation: Sendable {
    /// What the runtime knows of the type.
    static var implementationRecord: ImplementationRecord { get }

    /// Constructs the implementation. `@Implements` writes it where all stored properties have defaults.
    init(context: ComponentContext) async throws

    /// Called once, after construction; the replica gets calls only after it has returned.
    func start() async throws

    /// Called once, after the last call has ended, in reverse order of the refs; bounded by a deadline.
    func stop() async throws
}

extension Implementation {
    /// Does nothing.
    public func start() async throws {}
    /// Does nothing.
    public func stop() async throws {}
}
