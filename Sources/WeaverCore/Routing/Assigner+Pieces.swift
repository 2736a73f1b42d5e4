// What can be taken from a replica, and the taking.

extension Assigner {
    /// A slice or a range of one, in which one replica's place may be taken by another.
    struct Piece {
        var index: Int
        var first: UInt64
        var last: UInt64
        /// What moves of the load with it, in calls a second.
        var load: Double
        /// The part of the key space.
        var share: Double { KeySpace.share(first: first, last: last) }
    }

    /// Less of the key space is not worth a slice.
    static let negligibleShare = 1e-6

    /// The piece that takes the most load off `donor` for its part of the key space, and at most `need`: a place among the
    /// owners of a key, a whole slice, a hot key, or an end of a slice. Nil when nothing fits.
    func best(of donor: Int, for receiver: Int, need: Double, share: Double) -> Piece? {
        // Each cut has its price, too: a key with little load is not worth a slice because it is narrow.
        let fixed = 1 / (64 * Double(live.count))
        let spare = largestCount - slices.count
        var best: Piece?
        var worth = 0.0
        func consider(_ piece: Piece, cuts: Int) {
            guard piece.load <= need, piece.load > mean * Self.leastMove, cuts <= spare,
                piece.first == piece.last || piece.share <= share, piece.load / (piece.share + fixed) > worth
            else { return }
            best = piece
            worth = piece.load / (piece.share + fixed)
        }
        for (index, slice) in slices.enumerated() where slice.owners.contains(donor) && !slice.owners.contains(receiver)
        {
            consider(Piece(index: index, first: slice.first, last: slice.last, load: slice.loadOfEach), cuts: 0)
            guard slice.first < slice.last else { continue }
            for key in map.hotKeys(first: slice.first, last: slice.last) {
                consider(
                    Piece(index: index, first: map.keys[key], last: map.keys[key], load: map.keyRates[key]), cuts: 2)
            }
            let width = Self.keys(of: slice, share: share)
            let left = min(map.cut(first: slice.first, last: slice.last, load: need) - 1, slice.first + width - 1)
            consider(piece(of: index, first: slice.first, last: left), cuts: 1)
            let right = max(map.cutFromEnd(first: slice.first, last: slice.last, load: need), slice.last - width + 1)
            consider(piece(of: index, first: right, last: slice.last), cuts: 1)
        }
        return best
    }

    /// The coldest whole slice or end of a slice that only `donor` has, with several keys, at most `share` of all and at most
    /// `load`; of those whose home is a slot, if one is given. Nil when nothing fits.
    func coldest(of donor: Int, share: Double, load: Double = .infinity, home: Int? = nil) -> Piece? {
        guard share > Self.negligibleShare else { return nil }
        let canCut = slices.count < largestCount
        var coldest: Piece?
        for (index, slice) in slices.enumerated()
        where slice.owners == [donor] && slice.first < slice.last && (home == nil || slice.home == home) {
            let width = Self.keys(of: slice, share: share)
            let ends =
                slice.share <= share
                ? [Piece(index: index, first: slice.first, last: slice.last, load: slice.load)]
                : [
                    piece(of: index, first: slice.first, last: slice.first + width - 1),
                    piece(of: index, first: slice.last - width + 1, last: slice.last),
                ]
            for end in ends where (canCut || slice.share <= share) && end.load <= load {
                if end.load / end.share < coldest.map({ $0.load / $0.share }) ?? .infinity { coldest = end }
            }
        }
        return coldest
    }

    /// How many of a slice's keys are `share` of all, at least 1, at most all but one of a slice of several.
    private static func keys(of slice: Slice, share: Double) -> UInt64 {
        slice.share <= share ? slice.last - slice.first : UInt64(max(1, share * KeySpace.size))
    }

    private func piece(of index: Int, first: UInt64, last: UInt64) -> Piece {
        Piece(index: index, first: first, last: last, load: map.rate(first: first, last: last))
    }

    /// A piece goes from one slot to another.
    mutating func take(_ piece: Piece, from donor: Int, to receiver: Int) {
        let index = cutOut(first: piece.first, last: piece.last, of: piece.index)
        give(index, from: donor, to: receiver)
    }

    /// A slice, or one owner's place in it, goes from one slot to another.
    mutating func give(_ index: Int, from donor: Int, to receiver: Int) {
        let slice = slices[index]
        slices[index].owners = slice.owners.map { $0 == donor ? receiver : $0 }
        if slice.home == receiver { slices[index].home = nil }
        loads[donor] -= slice.loadOfEach
        loads[receiver] += slice.loadOfEach
        shares[donor] -= slice.share
        shares[receiver] += slice.share
    }
}
