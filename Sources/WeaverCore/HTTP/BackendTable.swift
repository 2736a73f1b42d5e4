/// The backends of one proxy with what each has to do, and the choice among them.
package struct BackendTable: Sendable {
    /// Names a backend for as long as it is in the table.
    package struct ID: Hashable, Sendable {
        let number: UInt64
    }

    private struct Entry {
        let id: ID
        var inFlight = 0
        var tunnels = 0
        /// Failures in a row, those of one back-off counted once.
        var failures = 0
        var failedUntil: UInt64 = 0
        /// So long a request has time to find out whether it answers again.
        var probedUntil: UInt64 = 0

        /// Not to be asked while there is another one.
        func isAvoided(_ now: UInt64) -> Bool { failedUntil > now || probedUntil > now }

        /// How long it is asked last after its failures, or a probe of it may take.
        func backoff(_ base: UInt64) -> UInt64 {
            let (backoff, overflow) = base.multipliedReportingOverflow(
                by: 1 << min(max(failures - 1, 0), BackendTable.maximumDoublings))
            return overflow ? .max : backoff
        }
    }

    /// The default for how long a backend that refused a connection, or broke one without an answer, is asked last, in
    /// nanoseconds. Each further failure doubles it.
    package static let failureBackoff: UInt64 = 1_000_000_000
    /// How often it is doubled.
    package static let maximumDoublings = 5

    /// What there is to pick.
    package enum Choice: Sendable, Equatable {
        /// This one, whose place among the others is `at`: they stand in the order in which they were added.
        case backend(ID, at: Int)
        /// Those that might be picked have as much in flight as they may.
        case busy
        /// There is none, or each one is excluded.
        case none

        /// The backend that was picked.
        package var id: ID? { if case .backend(let id, _) = self { id } else { nil } }
    }

    private let maximumInFlight: Int
    private let failureBackoff: UInt64
    private var entries: [Entry] = []
    private var nextNumber: UInt64 = 1
    private var rotation = 0

    /// No backend.
    ///
    /// - Parameters:
    ///   - maximumInFlight: exchanges at a time with one backend; 0 for no limit. Tunnels do not count.
    ///   - failureBackoff: how long one that failed is asked last, in nanoseconds.
    package init(maximumInFlight: Int = 0, failureBackoff: UInt64 = BackendTable.failureBackoff) {
        self.maximumInFlight = maximumInFlight
        self.failureBackoff = failureBackoff
    }

    /// Adds a backend, which is used at once.
    package mutating func add() -> ID {
        let id = ID(number: nextNumber)
        nextNumber += 1
        entries.append(Entry(id: id))
        return id
    }

    /// Takes a backend out: it is not picked any more. What it has in flight is the caller's matter.
    package mutating func remove(_ id: ID) {
        entries.removeAll { $0.id == id }
    }

    /// The backend with the least in flight that is not in `excluded`; among equals they take turns. One that failed a moment
    /// ago is picked only when there is no other, and one that may have recovered gets a single request in each back-off until it
    /// has answered: behind a backend that cannot be reached each request would wait for its connection in vain.
    ///
    /// - Parameter forTunnel: the one with the fewest tunnels is picked. For ordinary requests tunnels do not count:
    ///   most are quiet, and a backend that had lost its own would get every request.
    package mutating func pick(excluding excluded: [ID] = [], forTunnel: Bool = false, now: UInt64) -> Choice {
        guard !entries.isEmpty else { return .none }
        rotation = (rotation + 1) % entries.count
        var best: Int?
        var isBusy = false
        for step in 0..<entries.count {
            let index = (rotation + step) % entries.count
            if excluded.contains(entries[index].id) { continue }
            if maximumInFlight > 0, entries[index].inFlight >= maximumInFlight {
                isBusy = true
                continue
            }
            guard let current = best else {
                best = index
                continue
            }
            if isBetter(entries[index], than: entries[current], forTunnel: forTunnel, now: now) { best = index }
        }
        guard let best else { return isBusy ? .busy : .none }
        if entries[best].failures > 0, entries[best].failedUntil <= now {
            entries[best].probedUntil = Self.end(entries[best].backoff(failureBackoff), now)
        }
        return .backend(entries[best].id, at: best)
    }

    private func isBetter(_ entry: Entry, than other: Entry, forTunnel: Bool, now: UInt64) -> Bool {
        let isAvoided = entry.isAvoided(now)
        guard isAvoided == other.isAvoided(now) else { return !isAvoided }
        if forTunnel, entry.tunnels != other.tunnels { return entry.tunnels < other.tunnels }
        return entry.inFlight < other.inFlight
    }

    /// An exchange with `id` began.
    package mutating func began(_ id: ID) {
        update(id) { $0.inFlight += 1 }
    }

    /// An exchange with `id` ended, in whatever way; a no-op when it has been removed since.
    package mutating func ended(_ id: ID) {
        update(id) {
            precondition($0.inFlight > 0, "more exchanges ended than began")
            $0.inFlight -= 1
        }
    }

    /// The exchange with `id` has become a tunnel, which is no request in flight any more.
    package mutating func becameTunnel(_ id: ID) {
        ended(id)
        update(id) { $0.tunnels += 1 }
    }

    /// A tunnel to `id` ended; a no-op when it has been removed since.
    package mutating func tunnelEnded(_ id: ID) {
        update(id) {
            precondition($0.tunnels > 0, "more tunnels ended than began")
            $0.tunnels -= 1
        }
    }

    /// Tunnels to `id`.
    package func tunnels(_ id: ID) -> Int {
        entries.first { $0.id == id }?.tunnels ?? 0
    }

    /// `id` could not be connected, or broke a fresh connection without an answer. Having nothing to do it would seem
    /// the least busy one otherwise.
    package mutating func failed(_ id: ID, now: UInt64) {
        let base = failureBackoff
        update(id) { entry in
            // What was under way when it failed fails too, and says nothing new.
            guard entry.failedUntil <= now else { return }
            entry.failures += 1
            entry.failedUntil = Self.end(entry.backoff(base), now)
        }
    }

    private static func end(_ span: UInt64, _ now: UInt64) -> UInt64 {
        MonotonicTime(nanoseconds: now).advanced(nanoseconds: span).nanoseconds
    }

    /// Whether `id` gets requests; one that was removed is draining.
    package func state(of id: ID, now: UInt64) -> ProxyStatus.State {
        guard let entry = entries.first(where: { $0.id == id }) else { return .draining }
        if entry.failures == 0 { return .ready }
        return entry.failedUntil > now ? .backingOff : .failing
    }

    /// `id` answered.
    package mutating func succeeded(_ id: ID) {
        update(id) {
            $0.failures = 0
            $0.failedUntil = 0
            $0.probedUntil = 0
        }
    }

    /// Exchanges in flight with `id`.
    package func inFlight(_ id: ID) -> Int {
        entries.first { $0.id == id }?.inFlight ?? 0
    }

    private mutating func update(_ id: ID, _ change: (inout Entry) -> Void) {
        if let index = entries.firstIndex(where: { $0.id == id }) { change(&entries[index]) }
    }
}
