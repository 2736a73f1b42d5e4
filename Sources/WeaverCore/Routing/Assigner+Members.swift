// Replicas that go and come.

extension Assigner {
    /// A slot's process takes no calls any more: its slices are spread over those of `others`, who remember whose they are.
    mutating func remove(_ slot: Int, to others: [Int]) {
        var orphans: [Slice] = []
        for index in slices.indices where slices[index].owners.contains(slot) {
            slices[index].owners.removeAll { $0 == slot }
            guard slices[index].owners.isEmpty else { continue }
            slices[index].home = slices[index].home ?? slot
            orphans.append(slices[index])
        }
        guard !others.isEmpty else { return }
        tally()
        cutOrphans(among: others.count)
        spreadOrphans(over: others)
        mergeCold()
    }

    /// Cuts what nobody owns into equal pieces that fit in anywhere.
    private mutating func cutOrphans(among count: Int) {
        let fair = Double(count)
        var index = 0
        while index < slices.count {
            let slice = slices[index]
            index += 1
            guard slice.owners.isEmpty, slice.first < slice.last else { continue }
            // As many for each of the others, so that equal shares stay equal.
            let byKeys = slice.share > 1 / (4 * fair) ? fair * (slice.share * 8).rounded(.up) : 1
            let byLoad = hasLoad ? slice.load / (mean / (2 * fair)) : 1
            let pieces = min(max(byKeys, byLoad).rounded(.up), Double(largestCount - slices.count + 1))
            let width = UInt64(slice.share / max(1, pieces) * KeySpace.size * 0.999_999)
            for piece in stride(from: 1, to: pieces, by: 1) where width > 0 {
                let before = slice.first + UInt64(piece) * width
                guard before > slices[index - 1].first, before <= slice.last else { break }
                cut(index - 1, before: before)
                index += 1
            }
        }
    }

    /// Gives each piece to one of `others`: to that of the piece before while it has room, so that there are few slices.
    private mutating func spreadOrphans(over others: [Int]) {
        let count = Double(others.count)
        let (fairLoad, fairShare) = (hasLoad ? map.total / count : 0, 1 / count)
        func fits(_ slot: Int, _ slice: Slice, load: Double, share: Double) -> Bool {
            (fairLoad == 0 || loads[slot] + slice.load <= fairLoad * load) && shares[slot] + slice.share <= share
        }
        func fullness(_ slot: Int) -> Double {
            max(fairLoad > 0 ? loads[slot] / fairLoad : 0, shares[slot] / fairShare)
        }
        var last: Int?
        for index in slices.indices where slices[index].owners.isEmpty {
            let slice = slices[index]
            let sticky = last.flatMap { fits($0, slice, load: 1, share: fairShare * 1.0001) ? $0 : nil }
            let roomy = others.filter { fits($0, slice, load: 1 + limits.tolerance, share: largestShare) }
            let all = roomy.isEmpty ? others.filter { shares[$0] + slice.share <= largestShare } : roomy
            guard
                let owner = sticky ?? all.min(by: { fullness($0) < fullness($1) })
                    ?? others.min(by: { shares[$0] < shares[$1] })
            else { return }
            slices[index].owners = [owner]
            loads[owner] += slice.load
            shares[owner] += slice.share
            last = owner
        }
    }

    /// A slot's process takes calls: it gets its share of the keys from `others`.
    ///
    /// First from those that have more than a replica may have now, then what the slot had when it went, then, when it has
    /// less than the mean, what takes the most load from the others for the fewest keys.
    mutating func add(_ slot: Int, to others: [Int]) {
        guard !others.isEmpty else {
            for index in slices.indices {
                slices[index].owners = [slot]
                if slices[index].home == slot { slices[index].home = nil }
            }
            return mergeCold()
        }
        tally()
        let count = Double(others.count + 1)
        let (fairShare, largest) = (1 / count, 1 / count + limits.shareSlack)
        for other in others where shares[other] > largest {
            pull(shares[other] - largest, from: other, to: slot, ownFirst: true)
        }
        for index in slices.indices where slices[index].home == slot {
            slices[index].home = nil
            guard !slices[index].owners.contains(slot), shares[slot] + slices[index].share <= largest else { continue }
            give(index, from: slices[index].owners[0], to: slot)
        }
        if hasLoad {
            var budget = Budget(keys: max(0, fairShare - shares[slot]), load: .infinity)
            balance(&budget, onlyTo: slot)
        } else {
            for other in others where shares[other] > fairShare {
                pull(min(shares[other] - fairShare, fairShare - shares[slot]), from: other, to: slot, ownFirst: false)
            }
        }
        mergeCold()
    }

    /// Moves a part of the key space: slices that were the receiver's own first, then the coldest.
    private mutating func pull(_ share: Double, from donor: Int, to receiver: Int, ownFirst: Bool) {
        var left = share
        while let piece = (ownFirst ? coldest(of: donor, share: left, home: receiver) : nil)
            ?? coldest(of: donor, share: left)
        {
            left -= piece.share
            take(piece, from: donor, to: receiver)
        }
    }
}
