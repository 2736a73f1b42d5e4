/// A config type that checks its values. The runtime calls ``validate()`` after decoding, before anything starts.
public protocol ValidatedConfig: Decodable, Sendable {
    /// Throws when the values make no sense; the error's description is shown with the section's name.
    func validate() throws
}

/// What is known of a `@Config` property.
public struct ConfigInfo: Sendable {
    /// The property's name.
    public let name: String
    /// The type's name, for messages.
    public let typeName: String
    /// The keys that the type reads, sorted; nil when its decoding cannot be foreseen, so that no key can be called
    /// unknown. Found by decoding a value from a decoder that answers every key with an empty value.
    ///
    /// That runs the type's own code with values that nobody has written, and may trap: only a process that was started to
    /// describe the binary asks for it.
    public var keys: [String]? { readKeys() }

    private let readKeys: @Sendable () -> [String]?
    /// Whether a decoded section is this property's value.
    package let accepts: @Sendable (any Sendable) -> Bool
    /// Decodes the value from the section that `decoder` reads, and validates it.
    package let decode: @Sendable (any Decoder) throws -> any Sendable

    /// Describes the property `name` of type `type`.
    public init<Value: Decodable & Sendable>(_ name: String, _ type: Value.Type) {
        self.name = name
        typeName = String(describing: Value.self)
        readKeys = { ConfigKeys.read(by: Value.self) }
        accepts = { $0 is Value }
        decode = { decoder in
            let value = try Value(from: decoder)
            try (value as? any ValidatedConfig)?.validate()
            return value
        }
    }
}
