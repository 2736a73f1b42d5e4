/// The calls that one connection's peer has made and that are not answered yet. The ids are the peer's, so nothing is
/// assumed of them.
package struct ServerCallTable<Call> {
    /// What became of a request's attempt to enter.
    package enum Admission: Equatable, Sendable {
        case admitted
        /// As many calls are in flight as may be: the request is refused, the connection goes on.
        case overloaded
        /// A call with that id is in flight: the peer breaks the protocol.
        case duplicate
    }

    @usableFromInline
    struct Entry {
        var call: Call
        var deadline: MonotonicTime
    }

    @usableFromInline var entries: [UInt64: Entry] = [:]

    /// How many calls may be in flight.
    package let limit: Int
    /// No call's deadline is before this; nil when no call has one.
    @usableFromInline package internal(set) var nextDeadline: MonotonicTime?

    @inlinable
    package init(limit: Int) {
        self.limit = limit
    }

    /// The number of calls in flight.
    @inlinable
    package var count: Int { entries.count }

    /// Whether a request with that id may enter now.
    @inlinable
    package func admission(of id: UInt64) -> Admission {
        if entries.count >= limit { return .overloaded }
        return entries[id] == nil ? .admitted : .duplicate
    }

    /// Takes in a call that was admitted.
    @inlinable
    package mutating func insert(_ call: Call, id: UInt64, deadline: MonotonicTime?) {
        entries[id] = Entry(call: call, deadline: deadline ?? .never)
        if let deadline { nextDeadline = nextDeadline.map { min($0, deadline) } ?? deadline }
    }

    /// Takes out the call with that id: it was answered, or cancelled, and what comes second finds nothing.
    @inlinable
    package mutating func remove(_ id: UInt64) -> Call? {
        entries.removeValue(forKey: id)?.call
    }

    /// Takes out the calls whose deadline is at or before `now`, in any order, and recomputes ``nextDeadline``.
    @inlinable
    package mutating func expire(now: MonotonicTime) -> [(id: UInt64, call: Call)] {
        guard let next = nextDeadline, next <= now else { return [] }
        let expired = entries.filter { $0.value.deadline <= now }
        for id in expired.keys { entries[id] = nil }
        let earliest = entries.values.lazy.map(\.deadline).min() ?? .never
        nextDeadline = earliest == .never ? nil : earliest
        return expired.map { (id: $0.key, call: $0.value.call) }
    }

    /// Takes all calls out: the connection is gone.
    @inlinable
    package mutating func removeAll() -> [Call] {
        defer {
            entries = [:]
            nextDeadline = nil
        }
        return entries.values.map(\.call)
    }
}
