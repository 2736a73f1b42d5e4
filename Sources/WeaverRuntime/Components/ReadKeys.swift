/// The keys that a config type has read, of its section or of what ``ConfigKeys`` has it decode instead.
final class ReadKeys {
    /// Of the outermost container.
    private(set) var names: Set<String> = []
    /// Whether other keys may have been read, too: the type has asked which there are, or does not decode from keys at all.
    var isOpen: Bool { hasAskedForAll || !isKeyed }

    private var hasAskedForAll = false
    private var isKeyed = false

    /// A decoder that reads what `decoder` does, and notes the keys here.
    func noting(_ decoder: any Decoder) -> any Decoder { NotingDecoder(base: decoder, keys: self) }

    func note(_ key: some CodingKey) { names.insert(key.stringValue) }
    func noteAll() { hasAskedForAll = true }
    func noteContainer() { isKeyed = true }
}

private struct NotingDecoder: Decoder {
    let base: any Decoder
    let keys: ReadKeys
    var codingPath: [any CodingKey] { base.codingPath }
    var userInfo: [CodingUserInfoKey: Any] { base.userInfo }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        keys.noteContainer()
        return KeyedDecodingContainer(NotingContainer(base: try base.container(keyedBy: type), keys: keys))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try base.unkeyedContainer() }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { try base.singleValueContainer() }
}

/// Passes each kind of value on by itself: the decoder of the config tells them apart.
private struct NotingContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let base: KeyedDecodingContainer<Key>
    let keys: ReadKeys
    var codingPath: [any CodingKey] { base.codingPath }

    var allKeys: [Key] {
        keys.noteAll()
        return base.allKeys
    }

    private func noted(_ key: Key) -> Key {
        keys.note(key)
        return key
    }

    func contains(_ key: Key) -> Bool { base.contains(noted(key)) }
    func decodeNil(forKey key: Key) throws -> Bool { try base.decodeNil(forKey: noted(key)) }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try base.decode(type, forKey: noted(key)) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try base.decode(type, forKey: noted(key)) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try base.decode(type, forKey: noted(key)) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try base.decode(type, forKey: noted(key)) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try base.decode(type, forKey: noted(key)) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try base.decode(type, forKey: noted(key)) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try base.decode(type, forKey: noted(key)) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try base.decode(type, forKey: noted(key)) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try base.decode(type, forKey: noted(key)) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try base.decode(type, forKey: noted(key)) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try base.decode(type, forKey: noted(key)) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try base.decode(type, forKey: noted(key)) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try base.decode(type, forKey: noted(key)) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try base.decode(type, forKey: noted(key)) }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try base.decode(type, forKey: noted(key))
    }

    func nestedContainer<N: CodingKey>(keyedBy type: N.Type, forKey key: Key) throws -> KeyedDecodingContainer<N> {
        try base.nestedContainer(keyedBy: type, forKey: noted(key))
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try base.nestedUnkeyedContainer(forKey: noted(key))
    }

    func superDecoder() throws -> any Decoder {
        keys.noteAll()
        return try base.superDecoder()
    }

    func superDecoder(forKey key: Key) throws -> any Decoder { try base.superDecoder(forKey: noted(key)) }
}
