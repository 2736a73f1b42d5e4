package import WeaverCore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Keys of which few are called for often: rank r is drawn with a probability in proportion to r^-s.
package struct ZipfKeys: Sendable {
    private let cumulative: [Double]

    /// `count` ranks with the exponent `s`.
    package init(count: Int, s: Double) {
        var sum = 0.0
        cumulative = (1...count).map { rank in
            sum += pow(Double(rank), -s)
            return sum
        }
    }

    /// The probability of a rank, the first being 0.
    package func share(of rank: Int) -> Double {
        (cumulative[rank] - (rank > 0 ? cumulative[rank - 1] : 0)) / cumulative[cumulative.count - 1]
    }

    /// A rank, the first being 0.
    package func draw(_ generator: inout SeededGenerator) -> Int {
        let place = Double(generator.next() >> 11) * 0x1p-53 * cumulative[cumulative.count - 1]
        var low = 0
        var high = cumulative.count - 1
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] <= place { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The key of a rank in a world of `seed`: spread over all 64 bits, as routing hashes are.
    package static func key(of rank: Int, seed: UInt64) -> UInt64 {
        var generator = SeededGenerator(seed: UInt64(rank) &* 0xA24B_AED4_963E_E407 ^ seed)
        return generator.next()
    }
}
