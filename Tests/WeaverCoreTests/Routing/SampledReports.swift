@testable import WeaverCore

/// Reports as replicas make them: of calls that are drawn one by one, with hot keys as a bounded sketch sees them.
struct SampledReports {
    private let ranges: [(slice: KeySlice, last: UInt64)]
    private var counts: [String: [Int: Counted]] = [:]

    private struct Counted {
        var parts: [UInt64]
        var sketch = SpaceSaving(capacity: 2 * SliceLoad.maximumHotKeys)
    }

    init(_ assignment: Assignment) {
        ranges = AssignerWorld.ranges(assignment)
    }

    /// A call arrives at one of the owners.
    mutating func count(_ key: UInt64, random: UInt64) {
        let index = AssignerWorld.index(of: key, in: ranges)
        let (slice, last) = ranges[index]
        let replica = slice.replicas[Int(random % UInt64(slice.replicas.count))]
        let parts = SliceLoad.partCount(first: slice.start, last: last)
        let place = Double(key - slice.start) / (Double(last - slice.start) + 1)
        let part = min(parts - 1, Int(place * Double(parts)))
        var counted =
            counts[replica, default: [:]].removeValue(forKey: index)
            ?? Counted(parts: Array(repeating: 0, count: parts))
        counted.parts[part] += 1
        counted.sketch.count(key)
        counts[replica]?[index] = counted
    }

    func reports(replicas: [String], version: UInt64, seconds: Double) -> [(String, LoadReport)] {
        replicas.map { replica in
            let slices = (counts[replica] ?? [:]).sorted { $0.key < $1.key }.map { index, counted in
                SliceLoad(
                    first: ranges[index].slice.start, last: ranges[index].last, calls: counted.parts.reduce(0, +),
                    distinctKeys: 0, partCalls: counted.parts, hotKeys: counted.sketch.top(SliceLoad.maximumHotKeys))
            }
            return (replica, LoadReport(component: "C", version: version, seconds: seconds, slices: slices))
        }
    }
}

/// Space-Saving (Metwally, Agrawal, El Abbadi, ICDT 2005): a key that finds no place takes that of the least one, with its
/// count. Estimates are too high by at most that.
struct SpaceSaving {
    let capacity: Int
    private var counts: [UInt64: UInt64] = [:]

    init(capacity: Int) { self.capacity = capacity }

    mutating func count(_ key: UInt64) {
        if counts[key] != nil || counts.count < capacity {
            counts[key, default: 0] += 1
        } else if let least = counts.min(by: { $0.value < $1.value }) {
            counts[least.key] = nil
            counts[key] = least.value + 1
        }
    }

    func top(_ count: Int) -> [KeyCalls] {
        counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(count).map {
            KeyCalls(key: $0.key, calls: $0.value)
        }
    }
}
