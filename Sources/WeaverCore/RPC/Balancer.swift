/// Picks a replica: the less busy of two random ones, which is close to the least busy of all and needs no order.
package enum Balancer {
    /// An index below `count`; nil when that is 0. `random` is a fresh random number, `load` says how busy an index is.
    /// `excluding` is left out while there is another: the replica that has just failed the call.
    package static func pick(
        count: Int, excluding: Int? = nil, random: UInt64, load: (Int) -> Int
    ) -> Int? {
        guard let excluding, excluding < count, count > 1 else {
            return pick(count: count, random: random, load: load)
        }
        // The indexes without the excluded one, moved together.
        let picked = pick(count: count - 1, random: random) { load($0 < excluding ? $0 : $0 + 1) }
        return picked.map { $0 < excluding ? $0 : $0 + 1 }
    }

    private static func pick(count: Int, random: UInt64, load: (Int) -> Int) -> Int? {
        guard count > 1 else { return count == 1 ? 0 : nil }
        let first = scale(UInt32(truncatingIfNeeded: random), below: count)
        // One of the others, by its distance.
        let distance = 1 + scale(UInt32(truncatingIfNeeded: random >> 32), below: count - 1)
        let second = first + distance < count ? first + distance : first + distance - count
        return load(second) < load(first) ? second : first
    }

    /// A number below `count` from 32 random bits, without a division.
    private static func scale(_ random: UInt32, below count: Int) -> Int {
        Int((UInt64(random) * UInt64(count)) >> 32)
    }
}
