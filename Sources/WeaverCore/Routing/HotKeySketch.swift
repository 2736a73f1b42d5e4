/// Which keys had many of the calls, in a bounded space: Space-Saving (Metwally, Agrawal, El Abbadi 2005),
/// set-associative.
///
/// A key's hash names a set of ``ways`` counters. A key that has no counter takes over the lowest one of its set, with
/// what that has counted so far: a counter is never below the calls of its key, and above them by at most what it had
/// when the key took it over. That surplus is remembered, so ``counts`` gives what a key has had for certain. Of n
/// calls a set gets about n / ``sets``, and its lowest counter at most a quarter of what its other keys have got: a key
/// with more than 1 / (``sets`` × ``ways``) of the calls, 0.1 %, keeps its counter, unless ``ways`` busier ones share
/// its set.
///
/// 24 KiB.
package struct HotKeySketch: Sendable {
    /// How many sets of counters there are.
    package static let sets = 256
    /// How many counters a set has.
    package static let ways = 4

    fileprivate struct CounterSet {
        var keys = InlineArray<4, UInt64>(repeating: 0)
        var calls = InlineArray<4, UInt64>(repeating: 0)
        /// What the counter had when its key took it over.
        var surplus = InlineArray<4, UInt64>(repeating: 0)
    }

    private var counters = [CounterSet](repeating: CounterSet(), count: HotKeySketch.sets)

    /// No call.
    package init() {}

    /// Counts a call. Each of the low bits of `hash` has to depend on the whole of `key`.
    @inline(__always)
    package mutating func insert(_ key: UInt64, hash: UInt64) {
        counters[Int(truncatingIfNeeded: hash) & (Self.sets - 1)].insert(key)
    }

    /// The keys that are known to have had at least `minimum` calls, which is above 0, with how many they are known to
    /// have had, in no order.
    package func counts(atLeast minimum: UInt64) -> [KeyCalls] {
        var found: [KeyCalls] = []
        for set in counters {
            for way in 0..<Self.ways where set.calls[way] - set.surplus[way] >= minimum {
                found.append(KeyCalls(key: set.keys[way], calls: set.calls[way] - set.surplus[way]))
            }
        }
        return found
    }

    /// Starts anew, in the same memory.
    package mutating func removeAll() {
        for index in counters.indices { counters[index] = CounterSet() }
    }
}

extension HotKeySketch.CounterSet {
    @inline(__always)
    mutating func insert(_ key: UInt64) {
        // Without branches: which counter it is cannot be foretold. A counter that nobody has taken has counted
        // nothing, so it does no harm that it seems to be that of key 0.
        var way = 4
        if keys[3] == key { way = 3 }
        if keys[2] == key { way = 2 }
        if keys[1] == key { way = 1 }
        if keys[0] == key { way = 0 }
        if way < 4 {
            calls[way] &+= 1
            return
        }
        let low = calls[1] < calls[0] ? 1 : 0
        let high = calls[3] < calls[2] ? 3 : 2
        let lowest = calls[high] < calls[low] ? high : low
        keys[lowest] = key
        surplus[lowest] = calls[lowest]
        calls[lowest] &+= 1
    }
}
