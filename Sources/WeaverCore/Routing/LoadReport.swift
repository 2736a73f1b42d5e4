/// What one replica has counted of the calls of one routed component since its last report: what slices are moved by.
package struct LoadReport: Equatable, Sendable {
    /// The component's full name.
    package var component: String
    /// The version of the assignment whose slices the calls were counted by.
    package var version: UInt64
    /// How long was counted, in seconds; above 0.
    package var seconds: Double
    /// The load of each slice that has had a call, sorted by its first key.
    package var slices: [SliceLoad]

    package init(component: String, version: UInt64, seconds: Double, slices: [SliceLoad]) {
        self.component = component
        self.version = version
        self.seconds = seconds
        self.slices = slices
    }
}

/// The calls of one slice at one replica.
package struct SliceLoad: Equatable, Sendable {
    /// How many equal parts of a slice are counted apart, unless the slice has fewer keys.
    package static let parts = 16
    /// How many of a slice's busiest keys are reported at most.
    package static let maximumHotKeys = 16

    /// The first key.
    package var first: UInt64
    /// The last key, inclusive: the key space has no end that 64 bits could name.
    package var last: UInt64
    /// All calls for keys of the slice.
    package var calls: UInt64
    /// About how many different keys were called for (HyperLogLog).
    package var distinctKeys: UInt64
    /// The calls of each of ``parts`` equal ranges of the slice, in the order of the keys: where to split it.
    package var partCalls: [UInt64]
    /// Keys that had many of the calls, the busiest first, with about how many (a bounded sketch).
    package var hotKeys: [KeyCalls]

    package init(
        first: UInt64, last: UInt64, calls: UInt64, distinctKeys: UInt64, partCalls: [UInt64], hotKeys: [KeyCalls]
    ) {
        self.first = first
        self.last = last
        self.calls = calls
        self.distinctKeys = distinctKeys
        self.partCalls = partCalls
        self.hotKeys = hotKeys
    }
}

extension SliceLoad {
    /// How many parts the keys from `first` to `last` are counted in: ``parts``, or one for each key when there are fewer.
    package static func partCount(first: UInt64, last: UInt64) -> Int {
        Int(min(last - first, UInt64(parts - 1)) + 1)
    }

    /// The first key of part `index` among `partCount(first:last:)`: first + ⌊index × number of keys / count⌋.
    package static func partStart(_ index: Int, first: UInt64, last: UInt64) -> UInt64 {
        let count = UInt64(partCount(first: first, last: last))
        let keys = (last - first).addingReportingOverflow(1)
        let product = keys.partialValue.multipliedFullWidth(by: UInt64(index))
        // All 2^64 keys: their number does not fit, so its product's high half is the index itself.
        let high = product.high + (keys.overflow ? UInt64(index) : 0)
        return first + count.dividingFullWidth((high: high, low: product.low)).quotient
    }
}

/// About how many calls one key has had.
package struct KeyCalls: Equatable, Sendable {
    /// The key's place among all 64-bit keys.
    package var key: UInt64
    /// An estimate that is never below the truth by more than what the sketch has dropped.
    package var calls: UInt64

    package init(key: UInt64, calls: UInt64) {
        self.key = key
        self.calls = calls
    }
}
