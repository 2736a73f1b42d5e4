/// A rolling restart that is under way: what it still has to replace, and how far the replica at hand has come.
///
///     stage      means                                                                leaves it by
///     starting   a new process is in the group's spare slot, and not to be trusted    it is settled, it has failed,
///                yet                                                                  or its bound has passed
///     retiring   the new one is in the slot, the old one in the spare, and drains     the old one's process is gone
struct RollingRestart: Sendable {
    enum Stage: Sendable {
        case starting(until: MonotonicTime)
        case retiring
    }

    /// The slots to replace, the one at hand first.
    var queue: [Babysitter.SlotPosition]
    /// How many there were.
    let total: Int
    let began: MonotonicTime
    var stage: Stage

    /// The slots to replace, at least one.
    init(_ queue: [Babysitter.SlotPosition], began: MonotonicTime, firstUntil: MonotonicTime) {
        self.queue = queue
        self.began = began
        total = queue.count
        stage = .starting(until: firstUntil)
    }

    /// The slot at hand; nil when all are done.
    var current: Babysitter.SlotPosition? { queue.first }
    /// How many have been replaced.
    var replaced: Int { total - queue.count }
}
