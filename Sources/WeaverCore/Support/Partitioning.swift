extension RandomAccessCollection where Index == Int {
    /// The first index whose element satisfies `isBehind`, in a collection where all elements that do stand behind all that
    /// do not; the end index when none does. By halves.
    @inlinable
    @inline(__always)
    package func partitioningIndex(where isBehind: (Element) -> Bool) -> Int {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
