/// Bounds of what a replica may report of its load: what goes past them is dropped, not believed.
package enum LoadLimits {
    /// Reports in one answer, one for each routed component of the process.
    package static let reports = 1024
    /// Slices of one report, as many as are counted.
    package static let slices = LoadRecorder.maximumSlices
    /// Calls of one report: 2^40, what a million a second come to in 12 days. Sums of them do not overflow.
    package static let calls: UInt64 = 1 << 40
    /// The shortest time that is reported, in seconds: 1 ms. Rates stay finite.
    package static let seconds = 0.001
}

extension LoadReport {
    /// Why the report makes no sense, in words; nil when it does. It may come from anybody.
    package var problem: String? {
        guard seconds.isFinite, seconds >= LoadLimits.seconds else { return "a report of \(seconds) s" }
        guard slices.count <= LoadLimits.slices else { return "a report of \(slices.count) slices" }
        var total: UInt64 = 0
        var next: UInt64? = 0
        for slice in slices {
            guard let from = next, slice.first >= from, slice.last >= slice.first else {
                return "slices that are not in order, or overlap"
            }
            next = slice.last == .max ? nil : slice.last + 1
            if let problem = slice.problem { return problem }
            total += slice.calls
            guard total <= LoadLimits.calls else { return "a report of more than \(LoadLimits.calls) calls" }
        }
        return nil
    }
}

extension SliceLoad {
    fileprivate var problem: String? {
        guard calls <= LoadLimits.calls, distinctKeys <= calls else { return "more keys than calls" }
        guard partCalls.count == Self.partCount(first: first, last: last) else {
            return "a slice of \(partCalls.count) parts"
        }
        guard Self.sum(partCalls, is: calls) else { return "parts that are not the slice's calls" }
        guard hotKeys.count <= Self.maximumHotKeys else { return "\(hotKeys.count) hot keys of a slice" }
        for (index, hot) in hotKeys.enumerated() {
            guard (first...last).contains(hot.key), hot.calls <= calls else { return "a hot key outside of its slice" }
            guard index == 0 || hot.calls <= hotKeys[index - 1].calls else { return "hot keys that are not in order" }
            guard !hotKeys[..<index].contains(where: { $0.key == hot.key }) else { return "a hot key twice" }
        }
        return nil
    }

    private static func sum(_ counts: [UInt64], is total: UInt64) -> Bool {
        var sum: UInt64 = 0
        for count in counts {
            guard count <= LoadLimits.calls else { return false }
            sum += count
        }
        return sum == total
    }
}
