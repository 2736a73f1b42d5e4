import Foundation
import WeaverCore

/// A million keys whose calls follow Zipf's law, each at a random place of the key space: what share of all calls falls into
/// a range, exactly.
///
/// The busiest keys have places of their own for each seed; the rest, of which none has more than 1/15,000 of the calls, is
/// counted by 4,096 buckets of the key space, which are turned by the seed.
struct SkewedKeys {
    static let count = 1_000_000
    static let head = 1000

    /// The busiest keys, the busiest first, and their shares of the calls.
    let hot: [(key: UInt64, share: Double)]
    private let keys: [UInt64]
    private let sharesBefore: [Double]
    private let tailBefore: [Double]
    private let turn: Int

    private static let buckets = 4096
    static let weights: [Double] = {
        let raw = (1...count).map { pow(Double($0), -1.1) }
        let sum = raw.reduce(0, +)
        return raw.map { $0 / sum }
    }()
    private static let weightsBefore: [Double] = {
        var (before, sum) = ([0.0], 0.0)
        before.reserveCapacity(count + 1)
        for weight in weights {
            sum += weight
            before.append(sum)
        }
        return before
    }()
    private static let tail: [Double] = {
        var shares = [Double](repeating: 0, count: buckets)
        for rank in head..<count { shares[Int(place(rank, seed: 0) >> 52)] += weights[rank] }
        return shares
    }()

    /// Where the key of a rank is, as RoutingHasher puts integers: MurmurHash3's finaliser.
    static func place(_ rank: Int, seed: UInt64) -> UInt64 {
        var bits = 0xcbf2_9ce4_8422_2325 ^ (UInt64(rank) &+ seed &* UInt64(count))
        bits = (bits ^ (bits >> 33)) &* 0xff51_afd7_ed55_8ccd
        bits = (bits ^ (bits >> 33)) &* 0xc4ce_b9fe_1a85_ec53
        return bits ^ (bits >> 33)
    }

    init(seed: UInt64) {
        let hot = (0..<Self.head).map { (key: Self.place($0, seed: seed), share: Self.weights[$0]) }
        self.init(hot: hot, tail: Self.tail, turn: Int(seed % UInt64(Self.buckets)))
    }

    /// Some hot keys; what they leave is even over the keys that are in `busy` (of 4,096 buckets).
    init(hot: [(key: UInt64, share: Double)], busy: Range<Int> = 0..<4096) {
        let rest = max(0, 1 - hot.reduce(0) { $0 + $1.share }) / Double(busy.count)
        self.init(hot: hot, tail: (0..<Self.buckets).map { busy.contains($0) ? rest : 0 }, turn: 0)
    }

    private init(hot: [(key: UInt64, share: Double)], tail: [Double], turn: Int) {
        self.hot = hot
        self.turn = turn
        let sorted = hot.sorted { $0.key < $1.key }
        keys = sorted.map(\.key)
        var (before, sum) = ([0.0], 0.0)
        for key in sorted {
            sum += key.share
            before.append(sum)
        }
        sharesBefore = before
        (before, sum) = ([0.0], 0.0)
        for bucket in tail.indices {
            sum += tail[(bucket + turn) % tail.count]
            before.append(sum)
        }
        tailBefore = before
    }

    /// The key of a call, by a random number.
    func call(_ random: UInt64) -> UInt64 {
        let place = Double(random >> 11) / 9_007_199_254_740_992
        var (low, high) = (0, Self.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if Self.weightsBefore[middle + 1] <= place { low = middle + 1 } else { high = middle }
        }
        return low < hot.count ? hot[low].key : Self.place(low, seed: 0) &- UInt64(turn) << 52
    }

    /// The share of the calls for keys below `key`.
    private func below(_ key: UInt64) -> Double {
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        let bucket = Int(key >> 52)
        let part = Double(key & 0xF_FFFF_FFFF_FFFF) / 4_503_599_627_370_496
        return sharesBefore[low] + tailBefore[bucket] + (tailBefore[bucket + 1] - tailBefore[bucket]) * part
    }

    /// The share of the calls for the keys from `first` to `last`.
    func share(_ first: UInt64, _ last: UInt64) -> Double {
        (last == .max ? (sharesBefore.last ?? 0) + (tailBefore.last ?? 0) : below(last + 1)) - below(first)
    }
}
