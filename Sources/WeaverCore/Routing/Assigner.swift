/// Decides which replicas of one routed component serve which keys, by the load that they report.
///
/// Overview. It follows the weighted-move algorithm of Slicer (Adya et al., "Slicer: Auto-Sharding for Datacenter
/// Applications", OSDI 2016, section 4.4): slices are split where load is, cold neighbours are merged, and what moves is
/// what takes the most load off a busy replica for the fewest keys. A slice of several keys has one owner. A slice of one
/// key may have several, where the key is too much for one ("asymmetric key replication").
///
///     when                              what happens                                    what moves at most
///     the first replicas are there      equal slices, in their order
///     a replica goes                    its slices are spread over the others           1/n + 5 % of the keys
///     a replica comes (back)            it gets its old slices, or a share of others'   1/n + 5 % of the keys
///     its process is another one        the new one takes over the slices               nothing
///     all have reported their load      a round: see below                              ``Limits/keysPerRound``, and load by
///                                                                                       what is above the mean
///
/// A key moves when a replica that served it no longer does. No replica has more than 1/n + ``Limits/shareSlack`` of the
/// keys, so that none takes more with it when it goes.
///
/// A round. (1) A key that alone is most of a replica's share gets more owners, while its owner is overloaded. (2) While a
/// replica has more than the tolerated load, pieces of its slices move to the least loaded one that they fit; where nothing
/// fits, one of its keys gets another owner. (3) Replicas with too many keys shed cold ones. (4) Owners that a cooled key
/// does not need are let go, and tiny slices that were cut out join a neighbour. (5) Hot slices are split and cold ones
/// merged, which moves nothing: it is what load is counted by.
///
/// Operation. Replicas are named by their slots, so that a slot's next process takes over its slices; the caller says with
/// ``setReplicas(_:)`` who takes calls, feeds ``reported(by:_:)``, and calls ``round()``. Both change ``assignment`` only
/// where its slices change, and then its version grows.
package struct Assigner: Sendable {
    /// Named bounds, and their defaults.
    package struct Limits: Equatable, Sendable {
        /// How many slices there are for each slot, at most, in all of an assignment. 32.
        package var slicesPerReplica = 32
        /// How many slices an assignment has at most, unless there are more slots: all of it goes to every caller, at
        /// about 50 bytes a slice. 1,024.
        package var slices = 1024
        /// The part of the key space that moves in a round, at most. 10 %.
        package var keysPerRound = 0.1
        /// The part of all load that moves in a round, at most, besides what is above the mean. 2 %.
        package var loadSlack = 0.02
        /// How much more than 1/n of the key space a replica has, at most, of all keys. 4 %.
        package var shareSlack = 0.04
        /// A replica may have this much more than the mean load, and two standard deviations of what is known by counting,
        /// before anything moves. 8 %; half of it is what a round aims at.
        package var tolerance = 0.08
        /// Nothing moves by load before so many calls of each replica are known. 100.
        package var leastCalls = 100.0
        /// The time in which a reported load fades to half, in seconds. 5.
        package var halfLife = 5.0
        /// A key with more than this part of a replica's mean load for each of its owners gets more, if one of them is
        /// overloaded. 0.75.
        package var replicateAbove = 0.75
        /// What each owner of such a key gets then, at most, as a part of the mean load; the key loses an owner again when it
        /// would be less than three quarters of that without it. 0.5.
        package var replicatedLoad = 0.5
        /// A slice with more than this part of a replica's mean load is split; neighbours that have half of that together
        /// are merged. 0.25.
        package var splitAbove = 0.25
        /// How many reports of one replica wait for the others', at most; then the oldest are dropped. 8.
        package var waitingReports = 8

        package init() {}
    }

    let limits: Limits
    /// The process that takes calls in each slot; nil for none.
    var names: [String?] = [] {
        didSet { live = names.indices.filter { names[$0] != nil } }
    }
    /// Slots whose processes take calls.
    private(set) var live: [Int] = []
    /// In order, covering the key space; empty before there has been a replica.
    var slices: [Slice] = []
    var map = LoadMap()
    /// What each slot has by `slices` and `map`; computed by ``tally()`` and kept up by moves.
    var loads: [Double] = []
    var shares: [Double] = []
    private var reports: [String: [LoadReport]] = [:]
    /// What is to be told to everybody.
    package private(set) var assignment: Assignment

    /// A range of keys.
    struct Slice: Sendable {
        let first: UInt64
        var last: UInt64
        /// Slots, all of which take calls; several only where there is one key. Empty only while nobody takes calls.
        var owners: [Int]
        /// The slot that had the slice when it went, and gets it back when it comes again.
        var home: Int?
        /// Calls a second.
        var load: Double

        /// The part of all keys.
        var share: Double { KeySpace.share(first: first, last: last) }
        /// What each owner has of the load.
        var loadOfEach: Double { load / Double(max(1, owners.count)) }
    }

    /// What a round has done.
    package struct Round: Equatable, Sendable {
        /// The part of the key space that has moved.
        package var movedKeys = 0.0
        /// Calls a second for keys that have moved.
        package var movedLoad = 0.0
        /// Calls a second above the mean, of all replicas that had more, once hot keys had got their owners.
        package var excess = 0.0
        /// The busiest replica's load as a multiple of the mean, before and after.
        package var imbalanceBefore = 0.0
        package var imbalanceAfter = 0.0
    }

    /// Nobody takes calls yet.
    package init(limits: Limits = Limits()) {
        self.limits = limits
        assignment = .equalSlices(version: 0, replicas: [])
    }

    // MARK: Who is there

    /// Takes over who takes calls now: the process of each slot, nil for none. Whether the assignment has changed.
    package mutating func setReplicas(_ replicas: [String?]) -> Bool {
        let (old, new) = (names, replicas + Array(repeating: nil, count: max(0, names.count - replicas.count)))
        guard new != old else { return false }
        func was(_ slot: Int) -> Bool { slot < old.count && old[slot] != nil }
        names = new.indices.map { was($0) || slices.isEmpty ? new[$0] : nil }
        reports = reports.filter { names.contains($0.key) }
        loads = Array(repeating: 0, count: names.count)
        shares = loads
        if slices.isEmpty { startEqual() }
        // Who comes is no help to those that stay before the keys of those that go have found a place.
        for slot in names.indices where was(slot) && names[slot] == nil { remove(slot, to: live) }
        for slot in names.indices where names[slot] != new[slot] {
            let others = live
            names[slot] = new[slot]
            add(slot, to: others)
        }
        return publish()
    }

    private mutating func startEqual() {
        let slots = live
        let equal = Assignment.equalSlices(version: 0, replicas: slots.map { String($0) }).slices
        slices = zip(equal.indices, slots).map { index, slot in
            let last = index + 1 < equal.count ? equal[index + 1].start - 1 : .max
            return Slice(first: equal[index].start, last: last, owners: [slot], load: 0)
        }
    }

    // MARK: Load

    /// A replica has counted its calls since its last report. One that makes no sense, or of a replica that takes no calls, is
    /// dropped; the assignment by whose slices it was counted need not be the current one.
    package mutating func reported(by replica: String, _ report: LoadReport) {
        guard names.contains(replica), report.problem == nil else { return }
        reports[replica, default: []].append(report)
        if reports[replica, default: []].count > limits.waitingReports { reports[replica]?.removeFirst() }
    }

    /// Whether every replica has reported since the last round: only then its load can be told from its silence.
    package var isReadyForRound: Bool {
        let live = names.compactMap { $0 }
        return !live.isEmpty && live.allSatisfy { reports[$0] != nil }
    }

    /// Moves what has to move, when every replica has reported; nil otherwise.
    package mutating func round() -> Round? {
        guard isReadyForRound else { return nil }
        map.merge(
            reports.sorted { $0.key < $1.key }.map(\.value), slices: slices.map { ($0.first, $0.last) },
            halfLife: limits.halfLife, leastKey: 0.002 / Double(live.count))
        reports = [:]
        for index in slices.indices {
            slices[index].load = map.rate(first: slices[index].first, last: slices[index].last)
        }
        tally()
        var round = Round()
        round.imbalanceBefore = imbalance
        if hasLoad { move(&round) }
        round.imbalanceAfter = imbalance
        _ = publish()
        return round
    }

    /// What the replicas have, for people: by slot, nil for those that take no calls.
    package func replicaLoads() -> [(keys: Double, load: Double, slices: Int)?] {
        var result = names.map { $0 == nil ? nil : (keys: 0.0, load: 0.0, slices: 0) }
        for slice in slices {
            for owner in slice.owners {
                result[owner]?.keys += slice.share / Double(slice.owners.count)
                result[owner]?.load += slice.loadOfEach
                result[owner]?.slices += 1
            }
        }
        return result
    }

    /// Whether enough calls are known for anything to move by them.
    var hasLoad: Bool { map.evidence >= limits.leastCalls * Double(live.count) && map.total > 0 }

    /// The mean load of the replicas.
    var mean: Double { map.total / Double(max(1, live.count)) }

    /// The busiest replica's load as a multiple of the mean; 1 without load.
    private var imbalance: Double { mean > 0 ? live.reduce(0) { max($0, loads[$1]) } / mean : 1 }

    /// The largest part of the key space that a replica may have.
    var largestShare: Double { 1 / Double(max(1, live.count)) + limits.shareSlack }

    /// How many slices there may be.
    var largestCount: Int { max(names.count, min(limits.slices, limits.slicesPerReplica * names.count)) }

    /// Adds up what each slot has.
    mutating func tally() {
        for slot in names.indices { (loads[slot], shares[slot]) = (0, 0) }
        for slice in slices {
            for owner in slice.owners {
                loads[owner] += slice.loadOfEach
                shares[owner] += slice.share
            }
        }
    }

    // MARK: Telling

    /// Makes the assignment of what the slices are now. Whether that is a change.
    private mutating func publish() -> Bool {
        let isServed = slices.first?.owners.isEmpty == false
        let now = isServed ? slices.map { KeySlice(start: $0.first, replicas: $0.owners.compactMap { names[$0] }) } : []
        guard now != assignment.slices, let next = Assignment(version: assignment.version + 1, slices: now) else {
            return false
        }
        assignment = next
        return true
    }
}
