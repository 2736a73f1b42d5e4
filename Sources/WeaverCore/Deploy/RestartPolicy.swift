/// Decides, for one replica, when it is started again after it has died, and when it is given up.
///
/// A replica that died before it was ready for ``Limits/stableAfter`` has failed; ``Limits/failuresInARow`` failures
/// in a row, or ``Limits/deathsInWindow`` deaths of any kind within ``Limits/window``, and it is given up. The window
/// is there for what supervisors with only the first rule restart for ever: processes that die regularly, but late.
/// These are also slowed down: the wait grows with the failures in a row and with the deaths in the window.
package struct RestartPolicy: Equatable, Sendable {
    /// Named bounds, and their defaults.
    package struct Limits: Equatable, Sendable {
        /// A death this long after it was ready counts as no failure. 1 s.
        package var stableAfter = Duration.seconds(1)
        /// Failures in a row after which a replica is given up. 6.
        package var failuresInARow = 6
        /// Deaths within ``window`` after which a replica is given up, whatever happened between them. 30.
        package var deathsInWindow = 30
        /// The time in which deaths are counted. 10 min.
        package var window = Duration.seconds(600)
        /// So many deaths within ``window`` do not make the wait longer: somebody may have killed by hand. 3.
        package var deathsWithoutDelay = 3
        /// The wait after the first failure, doubled with each further one. 100 ms.
        package var firstDelay = Duration.milliseconds(100)
        /// The longest wait. 5 s.
        package var longestDelay = Duration.seconds(5)
        /// The random part that is added to a wait, in percent of it. 20.
        package var jitterPercent = 20

        package init() {}
    }

    /// What to do about a death.
    package enum Decision: Equatable, Sendable {
        case restart(after: Duration)
        case giveUp(reason: String)
    }

    package let limits: Limits
    private var failures = 0
    private var shortages = 0
    private var deaths: [MonotonicTime] = []

    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// A process of the replica has died, `readyFor` after it was ready (nil: it never was). `random` is fresh.
    package mutating func died(readyFor: Duration?, now: MonotonicTime, random: UInt64) -> Decision {
        shortages = 0
        deaths.removeAll { now - $0 >= limits.window }
        deaths.append(now)
        if let readyFor, readyFor >= limits.stableAfter { failures = 0 } else { failures += 1 }
        if failures >= limits.failuresInARow { return .giveUp(reason: "it failed \(failures) times in a row") }
        if deaths.count >= limits.deathsInWindow {
            return .giveUp(reason: "it died \(deaths.count) times within \(limits.window)")
        }
        return .restart(after: delay(max(failures - 1, deaths.count - limits.deathsWithoutDelay), random))
    }

    /// No process could be started, because the machine lacks something: that is no fault of the replica, and does not
    /// count. Gives the wait until the next attempt.
    package mutating func couldNotStart(random: UInt64) -> Duration {
        defer { shortages += 1 }
        return delay(shortages, random)
    }

    private func delay(_ doublings: Int, _ random: UInt64) -> Duration {
        let base = min(limits.firstDelay * (1 << min(max(doublings, 0), 16)), limits.longestDelay)
        return base + base * Int(random % UInt64(limits.jitterPercent + 1)) / 100
    }
}
