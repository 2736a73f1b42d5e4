/// The calls that one connection's peer has made and that are not answered yet.
///
/// An id is a slot's number and the slot's generation, as ``ClientCallTable`` makes them; what the peer sends is checked.
/// A call in a slot whose earlier call is not answered yet says that the peer has given that one up, at its deadline.
//
// `@usableFromInline` as with ClientCallTable.
@usableFromInline
package struct ServerCallTable<Call> {
    /// What became of a request's attempt to enter.
    @usableFromInline
    package enum Admission: Equatable, Sendable {
        case admitted
        /// As many calls are in flight as may be: the request is refused, the connection goes on.
        case overloaded
        /// A call with that id is in flight, or it is 0, which no call has: the peer breaks the protocol.
        case duplicate
    }

    /// A slot's number is below this, or below the limit of calls where that is more: all that a peer can make the table
    /// grow to. Peers number their slots from 0 and use the freed ones first.
    @usableFromInline static var maximumSlots: Int { 1 << 16 }

    @usableFromInline
    struct Slot {
        /// 0 with an empty slot: no call has that id.
        @usableFromInline var id: UInt64 = 0
        @usableFromInline var call: Call?
        @usableFromInline var deadline = MonotonicTime.never

        @inlinable
        init() {}
    }

    @usableFromInline var slots: [Slot] = []

    /// How many calls may be in flight.
    @usableFromInline package let limit: Int
    /// The number of calls in flight.
    @usableFromInline package internal(set) var count = 0
    /// No call's deadline is before this; nil when no call has one.
    @usableFromInline package internal(set) var nextDeadline: MonotonicTime?

    @inlinable
    package init(limit: Int) {
        self.limit = limit
    }

    /// Whether a request with that id may enter now.
    @inlinable
    package func admission(of id: UInt64) -> Admission {
        guard id != 0 else { return .duplicate }
        let index = Int(id & 0xffff_ffff)
        guard index < slots.count else {
            return count < limit && index < max(limit, Self.maximumSlots) ? .admitted : .overloaded
        }
        if slots[index].id == id { return .duplicate }
        return count < limit || slots[index].id != 0 ? .admitted : .overloaded
    }

    /// Takes in a call that was admitted; gives the one that the peer has given up by reusing its slot.
    @inlinable
    package mutating func insert(_ call: Call, id: UInt64, deadline: MonotonicTime?) -> Call? {
        let index = Int(id & 0xffff_ffff)
        while slots.count <= index { slots.append(Slot()) }
        let givenUp = slots[index].call
        if givenUp == nil { count += 1 }
        slots[index].id = id
        slots[index].call = call
        slots[index].deadline = deadline ?? .never
        if let deadline { nextDeadline = nextDeadline.map { min($0, deadline) } ?? deadline }
        return givenUp
    }

    /// Takes out the call with that id: it was answered, or cancelled, and what comes second finds nothing.
    @inlinable
    package mutating func remove(_ id: UInt64) -> Call? {
        let index = Int(id & 0xffff_ffff)
        guard id != 0, index < slots.count, slots[index].id == id else { return nil }
        return free(index)
    }

    /// Takes out the calls whose deadline is at or before `now`, and recomputes ``nextDeadline``.
    @inlinable
    package mutating func expire(now: MonotonicTime) -> [(id: UInt64, call: Call)] {
        guard let next = nextDeadline, next <= now else { return [] }
        var expired: [(id: UInt64, call: Call)] = []
        var earliest = MonotonicTime.never
        for index in slots.indices where slots[index].id != 0 {
            if slots[index].deadline <= now {
                let id = slots[index].id
                if let call = free(index) { expired.append((id, call)) }
            } else {
                earliest = min(earliest, slots[index].deadline)
            }
        }
        nextDeadline = earliest == .never ? nil : earliest
        return expired
    }

    /// Takes all calls out: the connection is gone.
    @inlinable
    package mutating func removeAll() -> [Call] {
        nextDeadline = nil
        return slots.indices.compactMap { free($0) }
    }

    @inlinable
    mutating func free(_ index: Int) -> Call? {
        guard let call = exchange(&slots[index].call, with: nil) else { return nil }
        slots[index].id = 0
        count -= 1
        return call
    }
}
