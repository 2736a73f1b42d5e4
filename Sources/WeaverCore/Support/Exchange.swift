/// Puts `value` in `place` and returns what was there.
@inlinable
@inline(__always)
package func exchange<Value: ~Copyable>(_ place: inout Value, with value: consuming Value) -> Value {
    let old = consume place
    place = value
    return old
}
