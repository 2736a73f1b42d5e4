/// Decides, for one replica, when it is started again after it has died, and when it is given up.
///
/// A replica that died before it was ready for ``Limits/stableAfter`` has failed; ``Limits/failuresInARow`` failures
/// in a row, or ``Limits/deathsInWindow`` deaths of any kind within ``Limits/window``, and it is given up. The window
/// is there for what supervisors with only the first rule restart for ever: processes that die regularly, but late.
package struct RestartPolicy: Equatable, Sendable {
    /// Named bounds, and their defaults.
    package struct Limits: Equatable, Sendable {
        /// A death this long after it was ready counts as no failure. 1 s.
        package var stableAfter = Duration.seconds(1)
        /// Failures in a row after which a replica is given up. 6.
        package var failuresInARow = 6
        /// Deaths within ``window`` after which a replica is given up, whatever happened between them. 30.
        package var deathsInWindow = 30
        /// The time in which ``deathsInWindow`` are counted. 60 s.
        package var window = Duration.seconds(60)
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
    private var deaths: [MonotonicTime] = []

    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// A process of the replica has died, `readyFor` after it was ready (nil: it never was). `random` is fresh.
    package mutating func died(readyFor: Duration?, now: MonotonicTime, random: UInt64) -> Decision {
        deaths.removeAll { now - $0 >= limits.window }
        deaths.append(now)
        if let readyFor, readyFor >= limits.stableAfter { failures = 0 } else { failures += 1 }
        if failures >= limits.failuresInARow { return .giveUp(reason: "it failed \(failures) times in a row") }
        if deaths.count >= limits.deathsInWindow {
            return .giveUp(reason: "it died \(deaths.count) times within \(limits.window)")
        }
        let doublings = min(max(failures - 1, 0), 16)
        let base = min(limits.firstDelay * (1 << doublings), limits.longestDelay)
        return .restart(after: base + base * Int(random % UInt64(limits.jitterPercent + 1)) / 100)
    }
}
