/// What `@Implements` makes of an actor, a final class or a struct. Applications do not conform to it themselves, but
/// may implement the hooks ``start()`` and ``stop()``.
public protocol Implementation: Sendable {
    /// What the runtime knows of the type.
    static var implementationRecord: ImplementationRecord { get }

    /// Constructs the implementation. `@Implements` writes it where all stored properties have defaults. What it
    /// throws is a failed start, as with ``start()``.
    init(context: ComponentContext) async throws

    /// Called once, after construction; the replica gets calls only after it has returned. It has 60 s from the start of the
    /// process, together with those of the process's other components. When it throws the process ends, and is started
    /// again later and later.
    func start() async throws

    /// Called once, after the last call has ended, in reverse order of the refs. It has 5 s; after that, and
    /// when it throws, the next component is stopped all the same, and the log says so.
    func stop() async throws
}

extension Implementation {
    /// Does nothing, and does not throw.
    public func start() async throws {}
    /// Does nothing, and does not throw.
    public func stop() async throws {}
}
