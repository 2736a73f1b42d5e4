// Cutting and joining: nothing here moves a key.

extension Assigner {
    /// Cuts a slice in two before `key`, which is one of its keys but the first.
    mutating func cut(_ index: Int, before key: UInt64) {
        let old = slices[index]
        var (left, right) = (old, Slice(first: key, last: old.last, owners: old.owners, home: old.home, load: 0))
        left.last = key - 1
        left.load = map.rate(first: left.first, last: left.last)
        right.load = max(0, old.load - left.load)
        slices.replaceSubrange(index...index, with: [left, right])
    }

    /// Cuts a range out of a slice that has all of it; its index.
    mutating func cutOut(first: UInt64, last: UInt64, of index: Int) -> Int {
        var index = index
        if slices[index].first < first {
            cut(index, before: first)
            index += 1
        }
        if slices[index].last > last { cut(index, before: last + 1) }
        return index
    }

    /// Splits the hot slices of several keys in halves by load, until they are not hot or the slices are too many.
    mutating func splitHot() {
        let hot = mean * limits.splitAbove
        var index = 0
        while index < slices.count, slices.count < largestCount {
            let slice = slices[index]
            guard slice.load > hot, slice.first < slice.last, slice.share > Self.narrowest else {
                index += 1
                continue
            }
            cut(index, before: map.cut(first: slice.first, last: slice.last, load: slice.load / 2))
        }
    }

    /// No range of several keys is split that has less than this part of all: what is hot in it is one key.
    private static let narrowest = 1e-6

    /// Merges neighbours of one owner that are cold together.
    mutating func mergeCold() {
        let cold = mean * limits.splitAbove / 2
        var merged: [Slice] = []
        merged.reserveCapacity(slices.count)
        for slice in slices {
            if let last = merged.last, last.owners == slice.owners, last.home == slice.home, slice.owners.count == 1,
                last.load + slice.load <= cold
            {
                merged[merged.count - 1].last = slice.last
                merged[merged.count - 1].load += slice.load
            } else {
                merged.append(slice)
            }
        }
        slices = merged
    }
}
