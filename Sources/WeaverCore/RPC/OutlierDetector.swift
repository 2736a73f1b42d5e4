// The idea and most of the rules are Envoy's, "Outlier detection" of its architecture overview: consecutive failures,
// ejection times that grow by the number of ejections, a bound of the share that is ejected. Different are the time that
// failures must span, and that a replica comes back by the success of a call, not by time alone.
//
//     in use --failures--> ejected --its time--> due --a call takes it--> probed --success--> in use
//                             ^                                              |
//                             +------------------ failure -------------------+

/// What the outcome of a call says about the replica that it was made at.
package enum CallOutcome: Equatable, Sendable {
    /// The method has answered, by a result or by an error of its own.
    case success
    /// The replica could not be reached, was lost, or let the deadline pass.
    case failure
    /// Nothing: the caller gave up, the call was refused in order, or is not to the replica's liking.
    case unknown

    /// What an error of the transport says. `overloaded` is no failure: where all replicas have too much to do, ejecting
    /// some would give the others more. Nor is a deadline that passed before anything was sent.
    package init(_ error: CallError) {
        if error.isRelayed {
            self = .success
            return
        }
        switch error.code {
        case .unreachable, .connectionLost: self = .failure
        case .deadlineExceeded: self = error.mayHaveRun ? .failure : .unknown
        default: self = .unknown
        }
    }
}

/// Decides which replicas of a component get no calls for a while, because they fail those they get.
///
/// Operation: ``report(_:from:now:)`` after each call, which costs nothing to leave out for a success while ``isQuiet``;
/// before each pick, unless it is quiet, ``takeProbe(now:where:)``, and ``isEjected(_:)`` of the candidates.
package struct OutlierDetector: Sendable {
    private struct Record {
        var failures = 0
        var failingSince = MonotonicTime(nanoseconds: 0)
        /// Set while ejected: when a probe is due.
        var ejectedUntil: MonotonicTime?
        /// Set while a probe is under way: when it is given up.
        var probedUntil: MonotonicTime?
        /// How often it was ejected without having done well for long.
        var ejections = 0
        /// When it came back from the last ejection.
        var recovered = MonotonicTime(nanoseconds: 0)
    }

    private let limits: OutlierLimits
    private var records: [SocketAddress: Record] = [:]
    private var replicaCount = 0
    /// How many are ejected now.
    package private(set) var ejectedCount = 0
    /// How many have failed since their last success, ejected ones among them.
    private var failingCount = 0

    package init(limits: OutlierLimits) {
        self.limits = limits
    }

    /// Whether no replica has failed since its last success: nobody is ejected, and a success changes nothing.
    package var isQuiet: Bool { failingCount == 0 }

    /// How many may be ejected at a time.
    package var maximumEjected: Int {
        guard replicaCount > 1, limits.maximumEjectedPercent > 0 else { return 0 }
        return max(1, replicaCount * limits.maximumEjectedPercent / 100)
    }

    /// The replicas are these from now on; what was known of others is forgotten.
    package mutating func update(_ replicas: [SocketAddress]) {
        replicaCount = replicas.count
        records = records.filter { replicas.contains($0.key) }
        ejectedCount = records.values.count { $0.ejectedUntil != nil }
        failingCount = records.values.count { $0.failures > 0 }
    }

    /// Whether the replica is ejected, to be left out while there is another.
    package func isEjected(_ replica: SocketAddress) -> Bool {
        records[replica]?.ejectedUntil != nil
    }

    /// An ejected replica whose time is over, for the caller to make its call at, if `isUsable` has nothing against it;
    /// until that call has an outcome nobody else gets the replica.
    package mutating func takeProbe(
        now: MonotonicTime, where isUsable: (SocketAddress) -> Bool = { _ in true }
    ) -> SocketAddress? {
        guard ejectedCount > 0 else { return nil }
        for (replica, record) in records {
            guard let until = record.ejectedUntil, until <= now, (record.probedUntil ?? now) <= now, isUsable(replica)
            else { continue }
            records[replica]?.probedUntil = now + limits.probeTimeout
            return replica
        }
        return nil
    }

    /// A call at `replica` has come to an end at `now`.
    package mutating func report(_ outcome: CallOutcome, from replica: SocketAddress, now: MonotonicTime) {
        switch outcome {
        case .success: succeeded(replica, now)
        case .failure: failed(replica, now)
        case .unknown: records[replica]?.probedUntil = nil
        }
    }

    private mutating func succeeded(_ replica: SocketAddress, _ now: MonotonicTime) {
        guard var record = records[replica], record.failures > 0 else { return }
        if exchange(&record.ejectedUntil, with: nil) != nil {
            ejectedCount -= 1
            record.recovered = now
        }
        failingCount -= 1
        record.failures = 0
        record.probedUntil = nil
        records[replica] = record.ejections > 0 ? record : nil
    }

    private mutating func failed(_ replica: SocketAddress, _ now: MonotonicTime) {
        var record = records[replica] ?? Record()
        if record.failures == 0 {
            failingCount += 1
            record.failingSince = now
        }
        record.failures += 1
        if record.ejectedUntil != nil {
            // What was under way when it was ejected says nothing new.
            if record.probedUntil != nil { eject(&record, now) }
        } else if record.failures >= limits.consecutiveFailures, now - record.failingSince >= limits.failingTime,
            ejectedCount < maximumEjected
        {
            if now - record.recovered >= limits.maximumEjectionTime { record.ejections = 0 }
            ejectedCount += 1
            eject(&record, now)
        }
        records[replica] = record
    }

    private func eject(_ record: inout Record, _ now: MonotonicTime) {
        record.ejections += 1
        record.probedUntil = nil
        record.ejectedUntil = now + min(limits.baseEjectionTime * record.ejections, limits.maximumEjectionTime)
    }
}
