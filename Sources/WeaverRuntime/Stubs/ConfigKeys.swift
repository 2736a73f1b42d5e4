/// Finds the keys that a `Decodable` type reads, by decoding a value from a decoder that has an empty value for all.
enum ConfigKeys {
    /// The keys of the type's outermost container, sorted; nil when the type refuses the empty values, so that keys
    /// may be missing, takes whatever keys there are, or does not decode from keys at all.
    static func read(by type: any Decodable.Type) -> [String]? {
        let keys = ReadKeys()
        guard (try? type.init(from: EmptyDecoder(keys: keys, depth: 0))) != nil, !keys.isOpen else { return nil }
        return keys.names.sorted()
    }

    /// How deep types may be nested; a type that contains itself is given up there.
    static let depthLimit = 16

    struct Refused: Error {}
}

/// Answers everything with zero, an empty text or an empty list, and notes the outermost keys.
private struct EmptyDecoder: Decoder {
    let keys: ReadKeys?
    let depth: Int
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard depth < ConfigKeys.depthLimit else { throw ConfigKeys.Refused() }
        keys?.noteContainer()
        return KeyedDecodingContainer(EmptyKeyed<Key>(keys: keys, depth: depth))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { EmptyUnkeyed() }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { EmptySingle(depth: depth) }

    /// An empty value of any type that has one.
    static func empty<T: Decodable>(_ type: T.Type, depth: Int) throws -> T {
        if let cases = (T.self as? any CaseIterable.Type)?.first as? T { return cases }
        return try T(from: EmptyDecoder(keys: nil, depth: depth + 1))
    }
}

extension CaseIterable {
    fileprivate static var first: Any? { allCases.first }
}

private struct EmptyKeyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let keys: ReadKeys?
    let depth: Int
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] {
        keys?.noteAll()
        return []
    }

    private func note(_ key: Key) { keys?.note(key) }

    func contains(_ key: Key) -> Bool {
        note(key)
        return false
    }

    func decodeNil(forKey key: Key) throws -> Bool {
        note(key)
        return true
    }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        note(key)
        return try EmptyDecoder.empty(type, depth: depth)
    }

    func nestedContainer<N: CodingKey>(keyedBy type: N.Type, forKey key: Key) throws -> KeyedDecodingContainer<N> {
        note(key)
        return KeyedDecodingContainer(EmptyKeyed<N>(keys: nil, depth: depth + 1))
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        note(key)
        return EmptyUnkeyed()
    }

    func superDecoder() throws -> any Decoder { EmptyDecoder(keys: keys, depth: depth) }

    func superDecoder(forKey key: Key) throws -> any Decoder {
        note(key)
        return EmptyDecoder(keys: nil, depth: depth + 1)
    }
}

private struct EmptyUnkeyed: UnkeyedDecodingContainer {
    var codingPath: [any CodingKey] { [] }
    var count: Int? { 0 }
    var isAtEnd: Bool { true }
    var currentIndex: Int { 0 }
    mutating func decodeNil() throws -> Bool { throw ConfigKeys.Refused() }
    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { throw ConfigKeys.Refused() }
    mutating func nestedContainer<N: CodingKey>(keyedBy type: N.Type) throws -> KeyedDecodingContainer<N> {
        throw ConfigKeys.Refused()
    }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { throw ConfigKeys.Refused() }
    mutating func superDecoder() throws -> any Decoder { throw ConfigKeys.Refused() }
}

private struct EmptySingle: SingleValueDecodingContainer {
    let depth: Int
    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { true }
    func decode(_ type: Bool.Type) throws -> Bool { false }
    func decode(_ type: String.Type) throws -> String { "" }
    func decode(_ type: Double.Type) throws -> Double { 0 }
    func decode(_ type: Float.Type) throws -> Float { 0 }
    func decode(_ type: Int.Type) throws -> Int { 0 }
    func decode(_ type: Int8.Type) throws -> Int8 { 0 }
    func decode(_ type: Int16.Type) throws -> Int16 { 0 }
    func decode(_ type: Int32.Type) throws -> Int32 { 0 }
    func decode(_ type: Int64.Type) throws -> Int64 { 0 }
    func decode(_ type: UInt.Type) throws -> UInt { 0 }
    func decode(_ type: UInt8.Type) throws -> UInt8 { 0 }
    func decode(_ type: UInt16.Type) throws -> UInt16 { 0 }
    func decode(_ type: UInt32.Type) throws -> UInt32 { 0 }
    func decode(_ type: UInt64.Type) throws -> UInt64 { 0 }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try EmptyDecoder.empty(type, depth: depth) }
}
