/// How generated code puts a value on the wire and takes it off: the type decides at compile time, by overload.
///
/// A type that is ``WireCodable`` takes the fast path, also when it is `Codable` as well; one that is only `Codable`
/// travels whole, as JSON. Without the third overload a type that is both would silently take the slow path.
///
/// The fast overloads do not ask for `Sendable`: in a generic `@Serializable` type the compiler allows no condition to
/// say it of a parameter. What travels is checked as a whole, where a stub hands it on.
public enum WireCoding {
    // MARK: Fast

    /// Appends a value of a fast type.
    @inlinable
    public static func encode<T: WireCodable>(
        _ value: T, into encoder: inout WireEncoder
    ) throws(WireError) {
        try value.encode(wire: &encoder)
    }

    /// Reads a value of a fast type.
    @inlinable
    public static func decode<T: WireCodable>(
        _ type: T.Type = T.self, from decoder: inout WireDecoder
    ) throws(WireError) -> T {
        try T(wire: &decoder)
    }

    /// The fewest bytes of a value of a fast type.
    @inlinable
    public static func minimumSize<T: WireCodable>(of type: T.Type) -> Int { T.minimumWireSize }

    // MARK: Codable

    /// Appends a value of a `Codable` type.
    public static func encode<T: Codable & Sendable>(
        _ value: T, into encoder: inout WireEncoder
    ) throws(WireError) {
        try CodableWire.encode(value, into: &encoder)
    }

    /// Reads a value of a `Codable` type.
    public static func decode<T: Codable & Sendable>(
        _ type: T.Type = T.self, from decoder: inout WireDecoder
    ) throws(WireError) -> T {
        try CodableWire.decode(type, from: &decoder)
    }

    /// The fewest bytes of a value of a `Codable` type: its length.
    @inlinable
    public static func minimumSize<T: Codable & Sendable>(of type: T.Type) -> Int { 4 }

    // MARK: Both: fast

    /// Appends a value of a type that is both.
    @inlinable
    public static func encode<T: WireCodable & Codable & Sendable>(
        _ value: T, into encoder: inout WireEncoder
    ) throws(WireError) {
        try value.encode(wire: &encoder)
    }

    /// Reads a value of a type that is both.
    @inlinable
    public static func decode<T: WireCodable & Codable & Sendable>(
        _ type: T.Type = T.self, from decoder: inout WireDecoder
    ) throws(WireError) -> T {
        try T(wire: &decoder)
    }

    /// The fewest bytes of a value of a type that is both.
    @inlinable
    public static func minimumSize<T: WireCodable & Codable & Sendable>(of type: T.Type) -> Int { T.minimumWireSize }

    // MARK: Neither

    /// Tells that a value cannot travel.
    @available(
        *, unavailable,
        message:
            "a value of this type cannot travel between processes: mark its type @Serializable, or make it Codable and Sendable; a container travels when all that it contains is @Serializable, or all of it is Codable"
    )
    public static func encode<T>(_ value: T, into encoder: inout WireEncoder) throws(WireError) {
        fatalError("unavailable")
    }

    /// Tells that a value cannot travel.
    @available(
        *, unavailable,
        message:
            "a value of this type cannot travel between processes: mark its type @Serializable, or make it Codable and Sendable; a container travels when all that it contains is @Serializable, or all of it is Codable"
    )
    public static func decode<T>(_ type: T.Type = T.self, from decoder: inout WireDecoder) throws(WireError) -> T {
        fatalError("unavailable")
    }

    /// Tells that a value cannot travel.
    @available(
        *, unavailable,
        message:
            "a value of this type cannot travel between processes: mark its type @Serializable, or make it Codable and Sendable; a container travels when all that it contains is @Serializable, or all of it is Codable"
    )
    public static func minimumSize<T>(of type: T.Type) -> Int {
        fatalError("unavailable")
    }
}
