internal import Synchronization
package import WeaverLoop

/// An error type that travels as itself.
public struct ErrorType: Sendable {
    /// What stands for the type on the wire.
    package let key: UInt64
    /// The name that ``key`` is a hash of.
    package let name: String
    /// The type as the compiler knows it, for messages.
    let description: String
    let identifier: ObjectIdentifier
    let encode: @Sendable (any Error, inout WireEncoder) throws(WireError) -> Void
    let decode: @Sendable (inout WireDecoder) throws(WireError) -> any Error

    /// A `@Serializable` error type. The name is unique in the application: the place where the type is registered.
    public init<E: Error & WireCodable>(_ name: String, _ type: E.Type) {
        self.init(
            name, type,
            encode: { error, encoder throws(WireError) in try WireCoding.encode(error, into: &encoder) },
            decode: { decoder throws(WireError) in try WireCoding.decode(E.self, from: &decoder) })
    }

    /// A `Codable` error type.
    public init<E: Error & Codable>(_ name: String, _ type: E.Type) {
        self.init(
            name, type,
            encode: { error, encoder throws(WireError) in try WireCoding.encode(error, into: &encoder) },
            decode: { decoder throws(WireError) in try WireCoding.decode(E.self, from: &decoder) })
    }

    /// An error type that is both travels by the fast codec.
    public init<E: Error & WireCodable & Codable>(_ name: String, _ type: E.Type) {
        self.init(
            name, type,
            encode: { error, encoder throws(WireError) in try WireCoding.encode(error, into: &encoder) },
            decode: { decoder throws(WireError) in try WireCoding.decode(E.self, from: &decoder) })
    }

    /// Tells that an error cannot travel as itself.
    @available(
        *, unavailable,
        message:
            "an error of this type cannot travel between processes: mark its type @Serializable, or make it Codable and Sendable"
    )
    public init<E: Error>(_ name: String, _ type: E.Type) {
        fatalError("unavailable")
    }

    private init<E: Error>(
        _ name: String, _ type: E.Type,
        encode: @escaping @Sendable (E, inout WireEncoder) throws(WireError) -> Void,
        decode: @escaping @Sendable (inout WireDecoder) throws(WireError) -> E
    ) {
        self.name = name
        key = MethodKey(signature: name).rawValue
        description = "\(String(reflecting: E.self)) as \(name)"
        identifier = ObjectIdentifier(E.self)
        self.encode = { error, encoder throws(WireError) in
            guard let error = error as? E else { throw WireError(.badValue, "\(error) is no \(E.self)") }
            try encode(error, &encoder)
        }
        self.decode = { decoder throws(WireError) in try decode(&decoder) }
    }
}

/// The error types that travel as themselves, known to the process from the records of its components: a type's name
/// that arrives from the wire never selects anything.
package final class ErrorRegistry: Sendable {
    private struct Tables {
        var byKey: [UInt64: ErrorType] = [:]
        var byType: [ObjectIdentifier: ErrorType] = [:]
    }

    private let tables = Mutex(Tables())

    /// The registry of the process.
    package static let shared = ErrorRegistry()

    package init() {}

    /// Types that stand for each other on the wire, so that one would be decoded as another.
    package static func collisions(among types: some Sequence<ErrorType>) -> [ComponentProblems.Problem] {
        var known: [UInt64: ErrorType] = [:]
        return types.compactMap { type in
            let other = known.updateValue(type, forKey: type.key)
            guard let other, other.identifier != type.identifier else { return nil }
            return .errorKeyCollision(other.description, type.description, key: type.key)
        }
    }

    /// Registers types; one that is known already stays as it is.
    package func register(_ types: some Sequence<ErrorType>) {
        tables.withLock { tables in
            for type in types {
                // A type may be named by several interfaces: every name is understood, one is used for sending.
                tables.byKey[type.key] = tables.byKey[type.key] ?? type
                tables.byType[type.identifier] = tables.byType[type.identifier] ?? type
            }
        }
    }

    /// Answers `call` with what a component has thrown: as itself when its type is registered.
    package func fail(_ call: ServerCall, throwing error: any Error) {
        guard let type = tables.withLock({ $0.byType[ObjectIdentifier(Swift.type(of: error))] }) else {
            return call.fail(error)
        }
        call.fail(registeredError: type.key) { wire throws(WireError) in try type.encode(error, &wire) }
    }

    /// Reads the value of an error frame's payload whose type has the key `key`, to the end.
    package func decode(key: UInt64, from decoder: inout WireDecoder) throws(WireError) -> any Error {
        guard let type = tables.withLock({ $0.byKey[key] }) else {
            throw WireError(.badValue, "no error type is registered under \(key)")
        }
        let error = try type.decode(&decoder)
        try decoder.finish()
        return error
    }

    /// ``decode(key:from:)`` of the process's registry, as channels take it.
    package static let decodeShared: ErrorDecoder = { key, decoder in try shared.decode(key: key, from: &decoder) }
}
