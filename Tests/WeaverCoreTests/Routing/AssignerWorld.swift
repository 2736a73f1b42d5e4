import Testing

@testable import WeaverCore

/// An assigner, the replicas that report to it, and what is called: every step is checked.
struct AssignerWorld {
    var assigner: Assigner
    let limits: Assigner.Limits
    var names: [String?]
    var keys: SkewedKeys
    /// Calls of all keys in the time of a report.
    var calls = 1e9
    let seed: UInt64
    private var processes = 0

    /// What a step has moved: of the key space, and of the calls.
    struct Moved {
        var keys = 0.0
        var calls = 0.0
    }

    init(seed: UInt64, replicas: Int, keys: SkewedKeys, limits: Assigner.Limits = .init()) {
        assigner = Assigner(limits: limits)
        self.limits = limits
        self.seed = seed
        self.keys = keys
        names = (0..<replicas).map { "r\($0)" }
        _ = assigner.setReplicas(names)
        check(before: Assignment.equalSlices(version: 0, replicas: []), hasChanged: true)
    }

    private(set) var moved = Moved()
    var live: [Int] { names.indices.filter { names[$0] != nil } }

    // MARK: What happens

    mutating func leave(_ slot: Int) {
        names[slot] = nil
        step { $0.setReplicas($1) }
    }

    mutating func join(_ slot: Int) {
        processes += 1
        names += Array(repeating: nil, count: max(0, slot + 1 - names.count))
        names[slot] = "p\(processes)"
        step { $0.setReplicas($1) }
    }

    /// The slot's process is another one, before anybody has seen that the first has gone.
    mutating func replace(_ slot: Int) { join(slot) }

    /// Every replica reports, exactly and with the hottest keys of each slice.
    @discardableResult
    mutating func round() -> Assigner.Round? {
        for (replica, report) in exactReports() { assigner.reported(by: replica, report) }
        #expect(assigner.isReadyForRound || live.isEmpty, "seed \(seed): a report was dropped")
        return roundWithReports()
    }

    /// Every replica reports calls that are drawn at random.
    @discardableResult
    mutating func sampledRound(calls: Int, _ random: inout SeededGenerator) -> Assigner.Round? {
        var sampled = SampledReports(assigner.assignment)
        for _ in 0..<calls { sampled.count(keys.call(random.next()), random: random.next()) }
        let reports = sampled.reports(
            replicas: names.compactMap { $0 }, version: assigner.assignment.version, seconds: 5)
        for (replica, report) in reports { assigner.reported(by: replica, report) }
        return roundWithReports()
    }

    /// A round by what has been reported.
    @discardableResult
    mutating func roundWithReports() -> Assigner.Round? {
        let total = assigner.map.total
        var round: Assigner.Round?
        step { assigner, _ in
            let version = assigner.assignment.version
            round = assigner.round()
            return assigner.assignment.version != version
        }
        if let round {
            #expect(round.movedKeys <= limits.keysPerRound + 1e-9, "seed \(seed): a round moves too many keys")
            #expect(
                abs(moved.keys - round.movedKeys) < 1e-9, "seed \(seed): \(moved.keys) moved, not \(round.movedKeys)")
            let most = round.excess + max(total, assigner.map.total) * (limits.loadSlack + 1e-9)
            #expect(round.movedLoad <= most, "seed \(seed): a round moves more than what is above the mean")
        }
        return round
    }

    private mutating func step(_ body: (inout Assigner, [String?]) -> Bool) {
        let before = assigner.assignment
        let hasChanged = body(&assigner, names)
        check(before: before, hasChanged: hasChanged)
    }

    // MARK: What is called

    /// The share of the calls that each live replica gets when those of a slice take equal parts.
    func loads() -> [String: Double] {
        var loads = Dictionary(uniqueKeysWithValues: names.compactMap { $0 }.map { ($0, 0.0) })
        for (slice, last) in Self.ranges(assigner.assignment) {
            let share = keys.share(slice.start, last) / Double(slice.replicas.count)
            for replica in slice.replicas { loads[replica, default: 0] += share }
        }
        return loads
    }

    /// The busiest replica's load as a multiple of the mean.
    var imbalance: Double { (loads().values.max() ?? 0) * Double(live.count) }

    func shares() -> [String: Double] {
        var shares: [String: Double] = [:]
        for (slice, last) in Self.ranges(assigner.assignment) {
            for replica in slice.replicas {
                shares[replica, default: 0] += KeySpace.share(first: slice.start, last: last)
            }
        }
        return shares
    }

    static func ranges(_ assignment: Assignment) -> [(slice: KeySlice, last: UInt64)] {
        assignment.slices.enumerated().map { index, slice in
            (slice, index + 1 < assignment.slices.count ? assignment.slices[index + 1].start - 1 : .max)
        }
    }

    func exactReports() -> [String: LoadReport] {
        let ranges = Self.ranges(assigner.assignment)
        guard !ranges.isEmpty else { return [:] }
        var hot = [[(key: UInt64, share: Double)]](repeating: [], count: ranges.count)
        for key in keys.hot {
            let index = Self.index(of: key.key, in: ranges)
            if hot[index].count < SliceLoad.maximumHotKeys { hot[index].append(key) }
        }
        var reports: [String: LoadReport] = [:]
        for replica in names.compactMap({ $0 }) {
            reports[replica] = LoadReport(
                component: "C", version: assigner.assignment.version, seconds: 5, slices: [])
        }
        for (index, (slice, last)) in ranges.enumerated() {
            let scale = calls / Double(slice.replicas.count)
            let count = SliceLoad.partCount(first: slice.start, last: last)
            let starts = (0..<count).map { SliceLoad.partStart($0, first: slice.start, last: last) }
            let parts = starts.indices.map { part in
                let end = part + 1 < count ? starts[part + 1] - 1 : last
                return UInt64(max(0, keys.share(starts[part], end)) * scale)
            }
            let all = parts.reduce(0, +)
            let load = SliceLoad(
                first: slice.start, last: last, calls: all, distinctKeys: 0, partCalls: parts,
                hotKeys: hot[index].map { KeyCalls(key: $0.key, calls: min(all, UInt64($0.share * scale))) })
            for replica in slice.replicas { reports[replica]?.slices.append(load) }
        }
        return reports
    }

    static func index(of key: UInt64, in ranges: [(slice: KeySlice, last: UInt64)]) -> Int {
        var (low, high) = (0, ranges.count - 1)
        while low < high {
            let middle = (low + high + 1) / 2
            if ranges[middle].slice.start <= key { low = middle } else { high = middle - 1 }
        }
        return low
    }

    // MARK: What must hold

    private mutating func check(before: Assignment, hasChanged: Bool) {
        let now = assigner.assignment
        let ids = Set(names.compactMap { $0 })
        #expect(hasChanged == (now.slices != before.slices), "seed \(seed): it says the wrong thing about a change")
        #expect(
            now.version == before.version + (hasChanged ? 1 : 0), "seed \(seed): \(before.version) → \(now.version)")
        #expect(now.slices.isEmpty == ids.isEmpty, "seed \(seed)")
        let most = max(names.count, min(limits.slices, limits.slicesPerReplica * names.count))
        #expect(now.slices.count <= most, "seed \(seed): \(now.slices.count) slices")
        for (slice, last) in Self.ranges(now) {
            let isServed = !slice.replicas.isEmpty && slice.replicas.allSatisfy(ids.contains)
            #expect(isServed, "seed \(seed): \(slice) has no owner, or one that is gone")
            #expect(Set(slice.replicas).count == slice.replicas.count, "seed \(seed): \(slice)")
            #expect(
                slice.replicas.count == 1 || slice.start == last, "seed \(seed): \(slice) is wide and has two owners")
        }
        moved = movement(from: before, to: now)
    }

    /// What has lost a replica that served it.
    private func movement(from before: Assignment, to now: Assignment) -> Moved {
        let (old, new) = (Self.ranges(before), Self.ranges(now))
        guard !old.isEmpty, !new.isEmpty else { return Moved() }
        var (i, j, first) = (0, 0, UInt64(0))
        var moved = Moved()
        while true {
            let last = min(old[i].last, new[j].last)
            let owners = old[i].slice.replicas
            let lost = owners.count { !new[j].slice.replicas.contains($0) }
            if lost > 0 {
                moved.keys += KeySpace.share(first: first, last: last) * Double(lost) / Double(owners.count)
                moved.calls += keys.share(first, last) * Double(lost) / Double(owners.count)
            }
            guard last < .max else { return moved }
            first = last + 1
            if old[i].last == last { i += 1 }
            if new[j].last == last { j += 1 }
        }
    }
}
