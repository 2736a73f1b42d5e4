/// Finds what belongs to a method by its key, for every incoming call.
///
/// Open addressing with linear probing. The keys are hashes already, so their low bits choose the place: nothing is hashed
/// again, as a `Dictionary` does.
//
// `@usableFromInline` lets other modules specialise the methods.
@usableFromInline
package struct MethodTable<Value>: Sendable where Value: Sendable {
    /// A place, empty without a value.
    @usableFromInline
    struct Place: Sendable {
        @usableFromInline let key: UInt64
        @usableFromInline let value: Value?

        @inlinable
        init(key: UInt64, value: Value?) {
            self.key = key
            self.value = value
        }
    }

    /// A power of two of them, at most half of them taken: a search always meets an empty one.
    @usableFromInline let places: [Place]

    /// A table of `values`.
    @inlinable
    package init(_ values: [MethodKey: Value]) {
        var count = 2
        while count < values.count * 2 { count *= 2 }
        var places = [Place](repeating: Place(key: 0, value: nil), count: count)
        for (key, value) in values {
            var index = Int(truncatingIfNeeded: key.rawValue) & (count - 1)
            while places[index].value != nil { index = (index + 1) & (count - 1) }
            places[index] = Place(key: key.rawValue, value: value)
        }
        self.places = places
    }

    /// What belongs to `key`; nil when nothing does.
    @inlinable
    package subscript(key: MethodKey) -> Value? {
        var index = Int(truncatingIfNeeded: key.rawValue) & (places.count - 1)
        while let value = places[index].value {
            if places[index].key == key.rawValue { return value }
            index = (index + 1) & (places.count - 1)
        }
        return nil
    }
}
