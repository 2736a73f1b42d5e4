/// One replica of a group: the place in which its processes live, one after another.
package struct ReplicaSlot: Sendable {
    /// What the slot's process is up to.
    package enum State: Equatable, Sendable {
        /// The group has not been asked for yet.
        case idle
        /// There is a process; its components have not started yet.
        case starting(until: MonotonicTime)
        /// It takes calls.
        case ready
        /// It takes calls no more, because it does not answer; it may come back.
        case suspended
        /// It ends by its own will, or because it has failed; it is killed when it is still there then.
        case leaving(until: MonotonicTime)
        /// Another process has taken its place: it finishes what it has in flight and ends, see ``Teardown``.
        case retiring
        /// The deployment stops, and with it the process: see ``Teardown``.
        case stopping
        /// It has been killed for not answering or not starting, and is about to be gone.
        case killed
        /// The last process has died; the next is started at this time.
        case waiting(until: MonotonicTime)
        /// It has died too often.
        case givenUp
        /// Its main has returned, or the deployment stops: no process, and none will come.
        case finished
    }

    package internal(set) var state = State.idle
    var policy: RestartPolicy

    /// The process that lives in the slot now; nil when there is none.
    package internal(set) var replica: Babysitter.ReplicaID?
    package internal(set) var processID: Int64?
    /// Where it takes calls; known once it has reported itself.
    package internal(set) var address: String?
    package internal(set) var startedAt: MonotonicTime?
    /// How many processes have been started in the slot.
    var processesStarted = 0
    /// How many processes have been started in the slot after the first.
    package var restarts: Int { max(processesStarted - 1, 0) }
    /// How the last process ended, in words.
    package internal(set) var lastExit: String?

    var readyAt: MonotonicTime?
    /// Addresses of this process's own listeners, by name.
    var exported: [String: SocketAddress] = [:]
    var lastAnswer = MonotonicTime(nanoseconds: 0)
    var nextHealthCheck: MonotonicTime?
    /// Whether it has answered a health check since it was ready.
    var hasPassedCheck = false
    /// Its main has returned: no other process takes the place of this one.
    var hasCompleted = false
    var teardown: TeardownProgress?

    init(policy: RestartPolicy) {
        self.policy = policy
    }

    /// Whether calls and requests may be sent to the process.
    package var takesWork: Bool { state == .ready }

    /// Whether there is a process.
    package var isAlive: Bool { replica != nil }

    /// Whether its first process has not shown yet whether it starts.
    var awaitsFirstStart: Bool {
        if case .starting = state { restarts == 0 } else { false }
    }

    /// Whether its process has neither begun to end nor been told to.
    var isWanted: Bool {
        switch state {
        case .starting, .ready, .suspended: true
        case .idle, .leaving, .retiring, .stopping, .killed, .waiting, .givenUp, .finished: false
        }
    }

    /// Whether a rolling restart replaces it: it is used, and shall go on.
    var isReplaceable: Bool { state != .idle && state != .finished }

    /// When the slot wants to be looked at, at the latest.
    var deadline: MonotonicTime? {
        if let teardown { return isAlive ? teardown.deadline : nil }
        switch state {
        case .starting(let until), .waiting(let until), .leaving(let until): return until
        case .ready, .suspended: return nextHealthCheck
        case .idle, .retiring, .stopping, .killed, .givenUp, .finished: return nil
        }
    }

    /// The process is gone: forgets everything that was its own.
    mutating func clearProcess() {
        replica = nil
        processID = nil
        address = nil
        startedAt = nil
        readyAt = nil
        exported = [:]
        nextHealthCheck = nil
        hasPassedCheck = false
        hasCompleted = false
        teardown = nil
    }
}

/// A listener and its proxy.
struct ListenerState: Sendable {
    let configured: SocketAddress
    /// Where the proxy listens; nil until it does.
    var address: SocketAddress?
    /// What the proxy was given last.
    var backends: [SocketAddress] = []
}
