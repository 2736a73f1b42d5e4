/// How many calls of a routed component have arrived for which part of the key space: what slices are moved by.
///
/// Belongs to one thread. A part is 1/256 of the space, by the first eight bits of a key's hash.
package struct KeyLoad: Sendable {
    /// How many parts are told apart.
    package static let parts = 256

    /// Calls for each part, in the order of the keys.
    package private(set) var calls = [UInt64](repeating: 0, count: KeyLoad.parts)

    /// Nothing has arrived.
    package init() {}

    /// Counts a call for `routingKey`.
    @inline(__always)
    package mutating func addLoad(_ routingKey: UInt64) {
        calls[Int(routingKey >> 56)] &+= 1
    }
}
