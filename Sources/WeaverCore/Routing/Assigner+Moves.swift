// A round: who serves what changes here.

extension Assigner {
    /// What may still move.
    struct Budget {
        /// Of the key space.
        var keys: Double
        /// Calls a second.
        var load: Double
    }

    /// The steps of a round, in the order of ``Assigner``'s overview.
    mutating func move(_ round: inout Round) {
        if isOverloaded { shareHotKeys() }
        round.excess = live.reduce(0) { $0 + max(0, loads[$1] - mean) }
        let whole = Budget(keys: limits.keysPerRound, load: round.excess + map.total * limits.loadSlack)
        var budget = whole
        if isOverloaded { balance(&budget) }
        relieve(&budget)
        dropOwners(&budget)
        if slices.count > largestCount / 2 { tidy(&budget) }
        round.movedKeys = whole.keys - budget.keys
        round.movedLoad = whole.load - budget.load
        mergeCold()
        splitHot()
    }

    // MARK: Load

    /// What a replica may have more than the mean: the tolerance, and twice the deviation of a count of so many calls.
    var tolerance: Double {
        limits.tolerance + 2 * (Double(live.count) / max(1, map.evidence)).squareRoot()
    }

    private var isOverloaded: Bool { live.contains { loads[$0] > mean * (1 + tolerance) } }

    /// Gives keys that are too much for their owners more of them, while one of the owners is overloaded.
    private mutating func shareHotKeys() {
        let (limit, most) = (mean * limits.replicateAbove, mean * (1 + tolerance))
        var index = 0
        while index < slices.count {
            let hot = map.hotKeys(first: slices[index].first, last: slices[index].last)
            let count = Double(slices[index].owners.count)
            guard slices[index].owners.contains(where: { loads[$0] > most }),
                let key = hot.first(where: { map.keyRates[$0] / count > limit }),
                slices.count + 2 <= largestCount || slices[index].first == slices[index].last
            else {
                index += 1
                continue
            }
            index = cutOut(first: map.keys[key], last: map.keys[key], of: index)
            addOwners(index)
            index += 1
        }
    }

    private mutating func addOwners(_ index: Int) {
        let wanted = (slices[index].load / (mean * limits.replicatedLoad)).rounded(.up)
        while Double(slices[index].owners.count) < wanted, addOwner(index) {}
    }

    /// Gives a key to the least busy replica, too. False if all have it.
    private mutating func addOwner(_ index: Int) -> Bool {
        let others = live.filter { !slices[index].owners.contains($0) }
        guard let owner = others.min(by: { loads[$0] < loads[$1] }) else { return false }
        setOwners(slices[index].owners + [owner], of: index)
        return true
    }

    /// Where nothing fits that could move, one of the replica's keys gets another owner: the one that makes the load of the
    /// two most even. False if none does.
    private mutating func shareKey(of donor: Int) -> Bool {
        var best: (index: Int, key: UInt64)?
        var least = loads[donor] - mean * Self.leastMove
        for (index, slice) in slices.enumerated() where slice.owners.contains(donor) && slices.count + 2 <= largestCount
        {
            let others = live.filter { !slice.owners.contains($0) }
            guard let free = others.map({ loads[$0] }).min() else { continue }
            let count = Double(slice.owners.count)
            for key in map.hotKeys(first: slice.first, last: slice.last)
            where map.keyRates[key] / count > mean * Self.leastShared {
                let (before, after) = (map.keyRates[key] / count, map.keyRates[key] / (count + 1))
                let larger = max(loads[donor] - before + after, free + after)
                if larger < least {
                    best = (index, map.keys[key])
                    least = larger
                }
            }
        }
        guard let (index, key) = best else { return false }
        return addOwner(cutOut(first: key, last: key, of: index))
    }

    /// Keys with less of the mean load for each owner do not get another one.
    private static let leastShared = 0.1

    private mutating func setOwners(_ owners: [Int], of index: Int) {
        for owner in slices[index].owners { loads[owner] -= slices[index].loadOfEach }
        slices[index].owners = owners
        for owner in owners { loads[owner] += slices[index].loadOfEach }
    }

    /// Lets go of owners that a key does not need any more.
    private mutating func dropOwners(_ budget: inout Budget) {
        let enough = mean * limits.replicatedLoad * 0.75
        for index in slices.indices {
            while slices[index].owners.count > 1, dropOwner(index, below: enough, &budget) {}
        }
    }

    private mutating func dropOwner(_ index: Int, below enough: Double, _ budget: inout Budget) -> Bool {
        let slice = slices[index]
        let rest = slice.load / Double(slice.owners.count - 1)
        guard rest < enough, slice.loadOfEach <= budget.load,
            let busiest = slice.owners.max(by: { loads[$0] < loads[$1] })
        else { return false }
        let kept = slice.owners.filter { $0 != busiest }
        guard kept.allSatisfy({ loads[$0] + rest - slice.loadOfEach <= mean * (1 + tolerance) }) else {
            return false
        }
        setOwners(kept, of: index)
        budget.load -= slice.loadOfEach
        budget.keys -= slice.share
        return true
    }

    // MARK: Moving

    /// Moves load from the busiest replicas to the least busy one (or `receiver`) until none has more than half of the
    /// tolerance above the mean, the budget is spent, or nothing fits.
    mutating func balance(_ budget: inout Budget, onlyTo receiver: Int? = nil) {
        var stuck: Set<Int> = []
        // More moves than this do not happen; it is what ends the loop if arithmetic does not.
        for _ in 0..<(16 * (live.count + 4)) {
            let donors = live.filter { !stuck.contains($0) && $0 != receiver }
            guard let donor = donors.max(by: { loads[$0] < loads[$1] }),
                receiver != nil || loads[donor] > mean * (1 + tolerance / 2)
            else { return }
            let receivers = receiver.map { [$0] } ?? live.sorted { loads[$0] < loads[$1] }
            let hasMoved = receivers.contains { receiver in
                let need = min(loads[donor] - mean, mean - loads[receiver], budget.load)
                guard need > mean * Self.leastMove else { return false }
                return moveBest(from: donor, to: receiver, need: need, &budget)
            }
            if hasMoved { continue }
            // With the budget spent, the next round goes on.
            let isSpent = budget.keys < limits.keysPerRound / 2 || budget.load < mean * Self.leastMove
            let isShared =
                receiver == nil && !isSpent && loads[donor] > mean * (1 + tolerance) && shareKey(of: donor)
            if !isShared { stuck.insert(donor) }
        }
    }

    /// Less of the mean load is not worth a move.
    static let leastMove = 0.005

    /// Moves the piece that is worth most, making room for its keys where the receiver has too many. False if there is none.
    private mutating func moveBest(from donor: Int, to receiver: Int, need: Double, _ budget: inout Budget) -> Bool {
        let room = max(0, largestShare - shares[receiver])
        var piece = best(of: donor, for: receiver, need: need, share: min(room, budget.keys))
        if piece.map({ $0.load < need / 4 }) ?? true, room < budget.keys {
            // Each key that comes makes another one go.
            if let wide = best(of: donor, for: receiver, need: need, share: (budget.keys + room) / 2),
                wide.share > room, shed(wide.share - room, from: receiver, below: wide.load / wide.share / 2, &budget)
            {
                piece = best(
                    of: donor, for: receiver, need: min(need, budget.load),
                    share: min(max(0, largestShare - shares[receiver]), budget.keys))
            }
        }
        guard let piece else { return false }
        take(piece, from: donor, to: receiver)
        budget.keys -= piece.share
        budget.load -= piece.load
        return true
    }

    // MARK: Keys

    /// Replicas with too many keys, since a replica came or they had got them when one went, shed cold ones.
    private mutating func relieve(_ budget: inout Budget) {
        for slot in live {
            while shed(shares[slot] - largestShare, from: slot, below: .infinity, &budget) {}
        }
    }

    /// Moves the coldest keys of a replica, with fewer calls for the key space than `density`, to the one with the fewest
    /// keys. Whether there are such that the budget and the receiver allow.
    private mutating func shed(_ share: Double, from donor: Int, below density: Double, _ budget: inout Budget) -> Bool
    {
        guard let receiver = live.filter({ $0 != donor }).min(by: { shares[$0] < shares[$1] }) else { return false }
        let load = min(budget.load, max(mean * (1 + tolerance / 2) - loads[receiver], map.total * limits.loadSlack))
        guard
            let piece = coldest(
                of: donor, share: min(share, budget.keys, largestShare - shares[receiver]), load: load),
            piece.load < density * piece.share
        else { return false }
        take(piece, from: donor, to: receiver)
        budget.keys -= piece.share
        budget.load -= piece.load
        return true
    }

    /// Gives tiny cold slices to the owner of a neighbour, so that they can be merged.
    private mutating func tidy(_ budget: inout Budget) {
        let cold = mean * Self.leastMove
        for index in slices.indices.dropFirst() {
            let (slice, left) = (slices[index], slices[index - 1])
            guard slice.owners.count == 1, left.owners.count == 1, slice.owners != left.owners, slice.load < cold,
                slice.share < Self.tiny, slice.load <= budget.load, slice.share <= budget.keys,
                shares[left.owners[0]] + slice.share <= largestShare
            else { continue }
            budget.keys -= slice.share
            budget.load -= slice.load
            give(index, from: slice.owners[0], to: left.owners[0])
            slices[index].home = left.home
        }
    }

    /// Slices with less of the key space join a neighbour when they are cold and the slices many.
    private static let tiny = 0.001
}
