/// The calls of one connection that wait for their answer.
///
/// An id is a slot's number and the slot's generation, so that finding a call is an index and a comparison, and the
/// answer to a call that was given up is recognised. Nothing is done for a deadline while the call is under way: the
/// table keeps a lower bound of all deadlines (``nextDeadline``), and ``expire(now:)``, called when that has passed,
/// looks at every call once. With n calls in flight that costs n steps at most once in the shortest time to a deadline.
//
// `@usableFromInline` lets other modules specialise the methods; without it each of them looks up metadata.
@usableFromInline
package struct ClientCallTable<Call>: ~Copyable {
    @usableFromInline
    struct Slot {
        @usableFromInline var call: Call?
        @usableFromInline var generation: UInt32 = 1
        @usableFromInline var deadline = MonotonicTime.never
        @usableFromInline var nextFree = -1

        @inlinable
        init() {}
    }

    @usableFromInline var slots: [Slot] = []
    @usableFromInline var firstFree = -1

    /// The number of calls in flight.
    @usableFromInline package internal(set) var count = 0
    /// How many calls may be in flight.
    @usableFromInline package let limit: Int
    /// No call's deadline is before this; nil when no call has one.
    @usableFromInline package internal(set) var nextDeadline: MonotonicTime?

    @inlinable
    package init(limit: Int) {
        self.limit = limit
    }

    /// Takes a call in and gives it an id, never 0; nil when ``limit`` calls are in flight.
    @inlinable
    package mutating func insert(_ call: Call, deadline: MonotonicTime?) -> UInt64? {
        guard count < limit else { return nil }
        if firstFree < 0 {
            firstFree = slots.count
            slots.append(Slot())
        }
        let index = firstFree
        firstFree = slots[index].nextFree
        slots[index].call = call
        slots[index].deadline = deadline ?? .never
        count += 1
        if let deadline { nextDeadline = nextDeadline.map { min($0, deadline) } ?? deadline }
        return UInt64(slots[index].generation) << 32 | UInt64(index)
    }

    /// Takes the call with that id out; nil when it is not in flight (any more), which is no error: the answer to a
    /// call that was cancelled or ran out of time comes late.
    @inlinable
    package mutating func remove(_ id: UInt64) -> Call? {
        let index = Int(truncatingIfNeeded: id & 0xffff_ffff)
        guard index < slots.count, slots[index].generation == UInt32(truncatingIfNeeded: id >> 32) else { return nil }
        return free(index)
    }

    /// Takes out the calls whose deadline is at or before `now`, and recomputes ``nextDeadline``.
    @inlinable
    package mutating func expire(now: MonotonicTime) -> [(id: UInt64, call: Call)] {
        guard let next = nextDeadline, next <= now else { return [] }
        var expired: [(id: UInt64, call: Call)] = []
        var earliest = MonotonicTime.never
        for index in slots.indices where slots[index].call != nil {
            if slots[index].deadline <= now {
                let id = UInt64(slots[index].generation) << 32 | UInt64(index)
                if let call = free(index) { expired.append((id, call)) }
            } else {
                earliest = min(earliest, slots[index].deadline)
            }
        }
        nextDeadline = earliest == .never ? nil : earliest
        return expired
    }

    /// The ids of the calls in flight that `isWanted` says so of.
    @inlinable
    package func ids(where isWanted: (Call) -> Bool) -> [UInt64] {
        var found: [UInt64] = []
        for index in slots.indices {
            guard let call = slots[index].call, isWanted(call) else { continue }
            found.append(UInt64(slots[index].generation) << 32 | UInt64(index))
        }
        return found
    }

    /// Takes all calls out: the connection is gone.
    @inlinable
    package mutating func removeAll() -> [Call] {
        let calls = slots.indices.compactMap { free($0) }
        nextDeadline = nil
        return calls
    }

    @inlinable
    mutating func free(_ index: Int) -> Call? {
        guard let call = exchange(&slots[index].call, with: nil) else { return nil }
        // Generation 0 is left out, so that no id is 0.
        slots[index].generation = slots[index].generation == .max ? 1 : slots[index].generation + 1
        slots[index].nextFree = firstFree
        firstFree = index
        count -= 1
        return call
    }
}

extension MonotonicTime {
    /// Later than every deadline.
    @inlinable
    package static var never: MonotonicTime { MonotonicTime(nanoseconds: .max) }
}
