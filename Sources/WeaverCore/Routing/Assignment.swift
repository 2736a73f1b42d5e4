/// A range of the 64-bit space of routing keys and the replicas that serve it.
package struct KeySlice: Hashable, Sendable {
    /// The first key; the slice reaches to the next one's first key.
    package var start: UInt64
    /// Ids of the replicas, any of which may serve the keys.
    package var replicas: [String]

    package init(start: UInt64, replicas: [String]) {
        self.start = start
        self.replicas = replicas
    }
}

/// Which replicas serve which keys. A later assignment has a higher version; a process never goes back to an older one.
package struct Assignment: Hashable, Sendable {
    /// Grows with each change of one component's assignment.
    package let version: UInt64
    /// Sorted by start, the first at 0; empty when there is no replica.
    package let slices: [KeySlice]

    /// An assignment from slices that are sorted by their start and cover the key space from 0; nil when they are not.
    package init?(version: UInt64, slices: [KeySlice]) {
        guard slices.first.map({ $0.start == 0 }) ?? true,
            zip(slices, slices.dropFirst()).allSatisfy({ $0.start < $1.start })
        else { return nil }
        self.version = version
        self.slices = slices
    }

    /// Equal slices, one for each replica, in the order given; ids must not repeat.
    ///
    /// The key space is cut into n ranges that differ by at most one key, whatever n is; the Go system rounds n up
    /// to a power of two, which gives one of three replicas half of the keys.
    package static func equalSlices(version: UInt64, replicas: [String]) -> Assignment {
        let count = UInt64(replicas.count)
        let slices = replicas.enumerated().map { index, id in
            KeySlice(start: start(of: UInt64(index), of: count), replicas: [id])
        }
        return Assignment(version: version, slices: slices) ?? Assignment(empty: version)
    }

    private init(empty version: UInt64) {
        self.version = version
        slices = []
    }

    /// The first key of slice `index` of `count`: index × 2^64 / count.
    private static func start(of index: UInt64, of count: UInt64) -> UInt64 {
        index == 0 ? 0 : count.dividingFullWidth((high: index, low: 0)).quotient
    }

    /// The slice that `key` falls into; nil only when there is none at all.
    package func slice(for key: UInt64) -> KeySlice? {
        let next = slices.partitioningIndex { $0.start > key }
        return next == 0 ? nil : slices[next - 1]
    }
}
