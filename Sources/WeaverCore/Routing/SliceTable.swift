/// The slices of an assignment as they are counted: finds that of a key in a few nanoseconds.
///
/// The key space is cut into at least four times as many equal cells as there are slices. A cell knows the slice that
/// its first key is in; the slice of any key of it is that one, or one of those that begin in the cell, which are
/// mostly none.
struct SliceTable: Sendable {
    /// One slice.
    struct Place: Sendable {
        let parts: PartIndex
        /// Where its calls are counted; below 0 for nowhere yet.
        var record: Int32 = -1

        /// The first key.
        var first: UInt64 { parts.first }
    }

    /// In the order of the keys; empty when there is no assignment.
    var places: [Place] = []
    /// For each cell, the slice of its first key; one more, with the last slice.
    private var cells: [Int32] = []
    private var cellShift: UInt64 = 0

    /// No slices.
    init() {}

    init(_ slices: [KeySlice]) {
        guard !slices.isEmpty else { return }
        places = slices.indices.map { index in
            let last = index + 1 < slices.count ? slices[index + 1].start - 1 : .max
            return Place(parts: PartIndex(first: slices[index].start, last: last))
        }
        let bits = UInt64.bitWidth - (slices.count * 4 - 1).leadingZeroBitCount
        cellShift = UInt64(UInt64.bitWidth - bits)
        cells.reserveCapacity(1 << bits + 1)
        var slice = 0
        for cell in 0..<UInt64(1) << UInt64(bits) {
            while slice + 1 < places.count, places[slice + 1].first <= cell << cellShift { slice += 1 }
            cells.append(Int32(slice))
        }
        cells.append(Int32(places.count - 1))
    }

    /// The last key of a slice, inclusive.
    func last(of slice: Int) -> UInt64 { slice + 1 < places.count ? places[slice + 1].first - 1 : .max }

    /// The index of the slice that `key` is in. There are slices.
    @inline(__always)
    func index(of key: UInt64) -> Int {
        let cell = Int(truncatingIfNeeded: key &>> cellShift)
        let (low, high) = (Int(cells[cell]), Int(cells[cell + 1]))
        // The first one begins before the key.
        return low == high ? low : places[low...high].partitioningIndex { $0.first > key } - 1
    }
}
