/// Decides when a silent peer is asked for a sign of life, and when it is lost.
///
/// Operation: ``received(now:)`` after each read, ``check(now:)`` when ``nextCheck`` has come. Anything that arrives is
/// a sign of life, so a busy connection is never pinged.
package struct Keepalive: Equatable, Sendable {
    /// What ``check(now:)`` asks for.
    package enum Action: Equatable, Sendable {
        case none
        case ping
        case lost
    }

    private let interval: Duration
    private let limit: Duration
    private var heard: MonotonicTime
    private var pinged = false

    /// When ``check(now:)`` is to be called next.
    package private(set) var nextCheck: MonotonicTime

    /// Pings after `interval` of silence, and gives up after `limit`.
    package init(interval: Duration, limit: Duration, now: MonotonicTime) {
        self.interval = interval
        self.limit = limit
        heard = now
        nextCheck = now + interval
    }

    /// Something has arrived.
    package mutating func received(now: MonotonicTime) {
        heard = now
        pinged = false
    }

    /// The time of ``nextCheck`` has come.
    package mutating func check(now: MonotonicTime) -> Action {
        if now - nextCheck > interval {
            // This process itself stood still (SIGSTOP, suspend): what the peer sent meanwhile is not read yet.
            heard = now
            pinged = false
        }
        let silence = now - heard
        if silence >= limit { return .lost }
        if silence >= interval, !pinged {
            pinged = true
            nextCheck = heard + limit
            return .ping
        }
        nextCheck = heard + (pinged ? limit : interval)
        return .none
    }
}
