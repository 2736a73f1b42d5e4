/// How many calls a second each key gets, as far as reports tell: even within small ranges, with the hot keys apart.
///
/// Overview. The key space is cut into cells (``SliceLoad/parts`` of each slice of the assignment that was current at the
/// last merge), each with a rate that is taken to be even inside; a key that was reported as hot has a rate of its own.
/// Reports are laid over the cells by the ranges that they name, not by their version: one that was counted by the
/// slices of another version is as good, only blurred to its own parts.
///
/// Operation. Rates are means over time in which the past counts half for each half-life, so a report of a short time
/// changes little, and one of a silent minute forgets nearly everything.
struct LoadMap: Sendable {
    /// The first key of each cell; the first is 0.
    private var starts: [UInt64] = [0]
    /// Calls a second of each cell without its hot keys.
    private var rates: [Double] = [0]
    /// The sum of the rates before each cell, and at the end of all.
    private var ratesBefore: [Double] = [0, 0]
    /// Hot keys in order, and their rates.
    private(set) var keys: [UInt64] = []
    private(set) var keyRates: [Double] = []
    private var keyRatesBefore: [Double] = [0]
    /// Seconds that have been counted, faded.
    private var seconds = 0.0
    /// Calls that have been counted, faded: what the rates are known by.
    private(set) var evidence = 0.0

    /// Calls a second of all keys.
    var total: Double { (ratesBefore.last ?? 0) + (keyRatesBefore.last ?? 0) }

    // MARK: Reading

    /// Calls a second of the keys from `first` to `last`.
    func rate(first: UInt64, last: UInt64) -> Double {
        max(0, (last == .max ? total : below(last + 1)) - below(first))
    }

    /// Calls a second of all keys below `key`.
    private func below(_ key: UInt64) -> Double {
        let cell = starts.partitioningIndex { $0 > key } - 1
        let width = Double((cell + 1 < starts.count ? starts[cell + 1] - 1 : .max) - starts[cell]) + 1
        let inside = rates[cell] * Double(key - starts[cell]) / width
        return ratesBefore[cell] + inside + keyRatesBefore[keys.partitioningIndex { $0 >= key }]
    }

    /// Indexes of the hot keys from `first` to `last`.
    func hotKeys(first: UInt64, last: UInt64) -> Range<Int> {
        keys.partitioningIndex { $0 >= first }..<keys.partitioningIndex { $0 > last }
    }

    /// The last place to cut a range of several keys so that what is before it has at most `load`, or only its first key.
    func cut(first: UInt64, last: UInt64, load: Double) -> UInt64 {
        var (low, high) = (first + 1, last)
        let base = below(first)
        while low < high {
            let middle = low + (high - low) / 2 + (high - low) % 2
            if below(middle) - base <= load { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// The first place to cut a range of several keys so that the rest from there has at most `load`, or only its last key.
    func cutFromEnd(first: UInt64, last: UInt64, load: Double) -> UInt64 {
        var (low, high) = (first + 1, last)
        let end = last == .max ? total : below(last + 1)
        while low < high {
            let middle = low + (high - low) / 2
            if end - below(middle) <= load { high = middle } else { low = middle + 1 }
        }
        return low
    }

    // MARK: Merging

    /// Takes over what has been counted in the same time by several replicas, and cuts its cells anew.
    ///
    /// - Parameters:
    ///   - reports: well-formed ones, in a list for each replica.
    ///   - slices: the ranges of the current assignment, in order and covering the key space.
    ///   - halfLife: in seconds.
    ///   - leastKey: a key is kept apart when it has at least this part of all calls.
    mutating func merge(
        _ reports: [[LoadReport]], slices: [(first: UInt64, last: UInt64)], halfLife: Double, leastKey: Double
    ) {
        var new = LoadMap(cellsOf: slices)
        for list in reports {
            let time = list.reduce(0) { $0 + $1.seconds }
            new.seconds = max(new.seconds, time)
            for report in list { new.lay(report, seconds: time) }
        }
        let weight = seconds * Self.powerOfHalf(new.seconds / halfLife)
        let (past, present) = (weight / (weight + new.seconds), new.seconds / (weight + new.seconds))
        for cell in new.starts.indices {
            let end = cell + 1 < new.starts.count ? new.starts[cell + 1] - 1 : .max
            new.rates[cell] = new.rates[cell] * present + evenRate(first: new.starts[cell], last: end) * past
        }
        new.mergeKeys(keys, keyRates, past: past, present: present)
        new.evidence += evidence * Self.powerOfHalf(new.seconds / halfLife)
        new.seconds += weight
        new.forgetKeys(below: leastKey)
        self = new
    }

    /// Nothing is known; the cells are the parts of the slices.
    private init(cellsOf slices: [(first: UInt64, last: UInt64)]) {
        starts = slices.flatMap { slice in
            (0..<SliceLoad.partCount(first: slice.first, last: slice.last)).map {
                SliceLoad.partStart($0, first: slice.first, last: slice.last)
            }
        }
        rates = [Double](repeating: 0, count: starts.count)
    }

    /// Nothing is known.
    init() {}

    private func evenRate(first: UInt64, last: UInt64) -> Double {
        let hot = hotKeys(first: first, last: last)
        return max(
            0, rate(first: first, last: last) - (keyRatesBefore[hot.upperBound] - keyRatesBefore[hot.lowerBound]))
    }

    /// Adds the rates of a report. Its hot keys are estimates, which the exact counts of the parts correct from above.
    private mutating func lay(_ report: LoadReport, seconds: Double) {
        for slice in report.slices {
            var hot = slice.hotKeys.sorted { $0.key < $1.key }[...]
            for (part, calls) in slice.partCalls.enumerated() {
                let first = SliceLoad.partStart(part, first: slice.first, last: slice.last)
                let last =
                    part + 1 < slice.partCalls.count
                    ? SliceLoad.partStart(part + 1, first: slice.first, last: slice.last) - 1 : slice.last
                let inside = hot.prefix { $0.key <= last }
                hot = hot.dropFirst(inside.count)
                let claimed = inside.reduce(0) { $0 + Double($1.calls) }
                let all = Double(calls)
                evidence += all
                for key in inside where claimed > 0 {
                    keys.append(key.key)
                    keyRates.append(Double(key.calls) * min(1, all / claimed) / seconds)
                }
                spread(max(0, all - claimed) / seconds, first: first, last: last)
            }
        }
    }

    /// Adds a rate evenly to the cells of a range.
    private mutating func spread(_ rate: Double, first: UInt64, last: UInt64) {
        guard rate > 0 else { return }
        let width = Double(last - first) + 1
        var cell = starts.partitioningIndex { $0 > first } - 1
        while cell < starts.count, starts[cell] <= last {
            let end = cell + 1 < starts.count ? min(last, starts[cell + 1] - 1) : last
            rates[cell] += rate * (Double(end - max(first, starts[cell])) + 1) / width
            cell += 1
        }
    }

    /// Sums up what was laid, with the keys of the past.
    private mutating func mergeKeys(_ old: [UInt64], _ oldRates: [Double], past: Double, present: Double) {
        let laid = zip(keys, keyRates).map { (key: $0, rate: $1 * present) }.sorted { $0.key < $1.key }
        keys.removeAll(keepingCapacity: true)
        keyRates.removeAll(keepingCapacity: true)
        func add(_ key: UInt64, _ rate: Double) {
            if keys.last == key {
                keyRates[keys.count - 1] += rate
            } else {
                keys.append(key)
                keyRates.append(rate)
            }
        }
        var next = 0
        for (key, rate) in zip(old, oldRates) {
            while next < laid.count, laid[next].key <= key {
                add(laid[next].key, laid[next].rate)
                next += 1
            }
            add(key, rate * past)
        }
        for (key, rate) in laid[next...] { add(key, rate) }
    }

    /// Lets the keys with less than `least` of all calls be a part of their cells again, and sums up.
    private mutating func forgetKeys(below least: Double) {
        let floor = (rates.reduce(0, +) + keyRates.reduce(0, +)) * least
        var kept: [(UInt64, Double)] = []
        for (key, rate) in zip(keys, keyRates) {
            if rate >= floor, rate > 0 {
                kept.append((key, rate))
            } else {
                rates[starts.partitioningIndex { $0 > key } - 1] += rate
            }
        }
        keys = kept.map(\.0)
        keyRates = kept.map(\.1)
        ratesBefore = Self.sums(rates)
        keyRatesBefore = Self.sums(keyRates)
    }

    // MARK: Arithmetic

    private static func sums(_ values: [Double]) -> [Double] {
        var sums = [0.0]
        sums.reserveCapacity(values.count + 1)
        var sum = 0.0
        for value in values {
            sum += value
            sums.append(sum)
        }
        return sums
    }

    /// 2^−x for x ≥ 0, by halving and a chord between the halves: a weight, for which that is exact enough.
    private static func powerOfHalf(_ exponent: Double) -> Double {
        guard exponent < 64 else { return 0 }
        let whole = Int(exponent)
        return (1 - (exponent - Double(whole)) / 2) / Double(UInt64(1) << UInt64(whole))
    }
}

/// The space of routing keys.
enum KeySpace {
    /// How many keys there are: 2^64.
    static let size = 18_446_744_073_709_551_616.0

    /// The part of all keys from `first` to `last`.
    static func share(first: UInt64, last: UInt64) -> Double { (Double(last - first) + 1) / size }
}
