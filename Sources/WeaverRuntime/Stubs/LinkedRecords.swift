internal import CWeaverSection
internal import Synchronization

/// What the macros have left in the binary's `weaver_comps` section: every implementation and every `@Serializable`
/// error type of the modules that are linked in, without any registration by the application. Those of shared
/// libraries are not found: `Weaver.run(components:)` takes the implementations, `@Component(errors:)` the errors.
public struct LinkedRecords: Sendable {
    /// The implementations, in the order of the linker.
    package private(set) var implementations: [ImplementationRecord] = []
    /// The error types.
    package private(set) var errors: [ErrorType] = []

    private static let collected = Mutex(LinkedRecords())

    /// Calls every entry of the section, once for the process.
    package static let all: LinkedRecords = {
        if let start = unsafe weaver_section_start(), let end = unsafe weaver_section_end() {
            let count = unsafe end - start
            for index in 0..<count {
                // The linker may pad the section with zeros.
                unsafe start[index]?()
            }
        }
        return collected.withLock { $0 }
    }()

    /// Makes the errors known that travel as themselves, those of `listed` included. Throws where two cannot be told apart.
    package func registerErrors(with listed: [ImplementationRecord]) throws(ComponentProblems) {
        let errors = errors + (implementations + listed).flatMap(\.component.errors)
        ErrorRegistry.shared.register(errors)
        let collisions = ErrorRegistry.collisions(among: errors)
        guard collisions.isEmpty else { throw ComponentProblems(collisions) }
    }

    /// Adds the record of an implementation. For generated code, called by an entry of the section.
    public static func add<I: Implementation>(_ type: I.Type) {
        let record = I.implementationRecord
        collected.withLock { $0.implementations.append(record) }
    }

    /// Adds an error type; `name` is its own in the application. For generated code, called by an entry of the section.
    public static func add<E: Error & WireCodable>(_ name: String, _ type: E.Type) {
        let error = ErrorType(name, type)
        collected.withLock { $0.errors.append(error) }
    }

    /// Adds nothing, for a type of which `@Serializable` does not see whether it is an error, and which is none. For
    /// generated code.
    public static func add<T: WireCodable>(_ name: String, _ type: T.Type) {}
}
