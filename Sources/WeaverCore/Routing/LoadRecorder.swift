/// Counts the calls of one routed component at one replica, by the slices of its assignment: what ``LoadReport`` is
/// made of.
///
/// There is no lock: a recorder belongs to the thread that the component's calls arrive on, which is the loop's, also
/// for a component whose methods run elsewhere. Calls for keys of slices that the replica does not own are counted like
/// all others: their owner is gone, or the slice has moved meanwhile.
///
/// Memory: 24 KiB for the component (``HotKeySketch``), at most 56 bytes for each slice of the assignment, and 192
/// bytes for each slice that calls have come for, of which there are at most ``maximumSlices``: 0.75 MiB.
package struct LoadRecorder: Sendable {
    /// How many slices are counted at a time: those that the first calls after a report were for. Calls for others are
    /// not reported.
    package static let maximumSlices = 4096
    /// A key is hot with at least 1 / 512 of the calls at this replica, of which the sketch misses hardly one.
    package static let hotShare: UInt64 = 512

    private struct SliceCounts: Sendable {
        var parts = InlineArray<16, UInt64>(repeating: 0)
        var distinct = HyperLogLog()
    }

    private let component: String
    private var version: UInt64 = 0
    private var since = MonotonicTime(nanoseconds: 0)
    private var table = SliceTable()
    private var counts: [SliceCounts] = []
    private var hotKeys = HotKeySketch()

    /// A recorder of `component`, its full name, that counts nothing before it knows an assignment.
    package init(component: String) {
        self.component = component
    }

    /// Counts by the slices of `assignment` from now on, and starts anew, unless it is as old as the known one or
    /// older.
    package mutating func update(_ assignment: Assignment, now: MonotonicTime) {
        guard assignment.version > version else { return }
        version = assignment.version
        table = SliceTable(assignment.slices)
        counts.removeAll()
        hotKeys.removeAll()
        since = now
    }

    /// Counts a call for `key`.
    package mutating func add(_ key: UInt64) {
        guard !table.places.isEmpty else { return }
        let slice = table.index(of: key)
        let part = table.places[slice].parts[key]
        if table.places[slice].record < 0, !makeRecord(slice) { return }
        let record = Int(table.places[slice].record)
        let hash = Self.mixed(key)
        counts[record].parts[part] &+= 1
        counts[record].distinct.insert(hash: hash)
        hotKeys.insert(key, hash: hash)
    }

    /// Begins to count the calls of a slice; false when there is no room for it.
    @inline(never)
    private mutating func makeRecord(_ slice: Int) -> Bool {
        guard counts.count < Self.maximumSlices else { return false }
        table.places[slice].record = Int32(counts.count)
        counts.append(SliceCounts())
        return true
    }

    /// Both halves of a product by a large odd number. Keys are hashes already, but those of one slice begin with the
    /// same bits.
    @inline(__always)
    private static func mixed(_ key: UInt64) -> UInt64 {
        let product = key.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low
    }

    // MARK: Reports

    /// What was counted since the last report, and starts anew; nil as long as there is no assignment, or less than a
    /// millisecond has passed, of which ``LoadLimits`` has no rate.
    package mutating func report(now: MonotonicTime) -> LoadReport? {
        let seconds = Double((now - since).clampedNanoseconds) / 1_000_000_000
        guard !table.places.isEmpty, seconds >= LoadLimits.seconds else { return nil }
        since = now
        return LoadReport(component: component, version: version, seconds: seconds, slices: takeSlices())
    }

    private mutating func takeSlices() -> [SliceLoad] {
        var loads: [SliceLoad] = []
        loads.reserveCapacity(counts.count)
        var hot = hotKeysBySlice()
        for slice in table.places.indices {
            let record = Int(table.places[slice].record)
            guard record >= 0 else { continue }
            table.places[slice].record = -1
            let (first, last) = (table.places[slice].first, table.last(of: slice))
            let count = counts[record]
            let partCalls = (0..<SliceLoad.partCount(first: first, last: last)).map { count.parts[$0] }
            let calls = partCalls.reduce(0, &+)
            loads.append(
                SliceLoad(
                    first: first, last: last, calls: calls,
                    distinctKeys: min(count.distinct.estimate, calls), partCalls: partCalls,
                    hotKeys: hot.removeValue(forKey: slice) ?? []))
        }
        counts.removeAll(keepingCapacity: true)
        hotKeys.removeAll()
        return loads
    }

    /// The busiest first.
    private func hotKeysBySlice() -> [Int: [KeyCalls]] {
        let calls = counts.reduce(0) { sum, count in count.parts.indices.reduce(sum) { $0 &+ count.parts[$1] } }
        let hot = hotKeys.counts(atLeast: max(2, calls / Self.hotShare))
        return Dictionary(grouping: hot) { table.index(of: $0.key) }.mapValues { keys in
            Array(keys.sorted { ($1.calls, $0.key) < ($0.calls, $1.key) }.prefix(SliceLoad.maximumHotKeys))
        }
    }
}
