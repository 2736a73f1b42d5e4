internal import WeaverCore

/// One server that requests are passed to, with the connections to it that are kept for the next request.
final class Backend {
    let id: BackendTable.ID
    let address: SocketAddress
    /// It is not a backend of the proxy any more.
    private(set) var isRemoved = false
    /// What it was sent, and how it answered.
    let traffic = LoopState(TrafficMeter())
    /// Exchanges with it now, and connections for one that are being made.
    private(set) var inFlight = 0
    /// Those of them that it has not begun to answer: they may be on their way to it.
    private(set) var unanswered = 0
    /// Called when it is removed and nothing is on its way to it any more.
    var onReleased: [() -> Void] = []
    /// Called when it is removed and nothing is in flight any more.
    var onLeft: [() -> Void] = []
    /// The one used last is used first, so that the others can go when there are more than needed.
    private let kept = LoopState<[BackendConnection]>([])

    init(id: BackendTable.ID, address: SocketAddress) {
        self.id = id
        self.address = address
    }

    /// A connection that waits for a request.
    ///
    /// - Parameter mustBeQuiet: nothing may have come on it, an end included, that this process has not seen yet. That costs
    ///   a system call.
    func takeKept(mustBeQuiet: Bool) -> BackendConnection? {
        while let connection = kept.value.popLast() {
            if connection.isUsable, !mustBeQuiet || connection.isQuiet { return connection }
            connection.close()
        }
        return nil
    }

    /// Keeps a connection for the next request, as long as nothing comes on it and it is not too old.
    func keep(_ connection: BackendConnection, until deadline: MonotonicTime) {
        connection.keptUntil = deadline
        kept.value.append(connection)
    }

    /// A kept connection broke.
    func forget(_ connection: BackendConnection) {
        kept.value.removeAll { $0 === connection }
    }

    /// Closes what has been kept too long, and gives back memory of the rest.
    func sweepKept(_ now: MonotonicTime) {
        // The oldest is first: connections are kept in the order in which they were given back.
        while let oldest = kept.value.first, oldest.keptUntil <= now {
            kept.value.removeFirst()
            oldest.close()
        }
        for connection in kept.value { connection.releaseIdleMemory() }
    }

    /// An exchange with it began.
    func began() {
        inFlight += 1
        unanswered += 1
    }

    /// It has begun to answer an exchange.
    func answered() {
        unanswered -= 1
        releaseIfDone()
    }

    /// An exchange with it ended, and its connection has been given back.
    func ended(wasAnswered: Bool) {
        inFlight -= 1
        if !wasAnswered { unanswered -= 1 }
        releaseIfDone()
    }

    private func releaseIfDone() {
        guard isRemoved else { return }
        if unanswered == 0 { for released in exchange(&onReleased, with: []) { released() } }
        if inFlight == 0 { for left in exchange(&onLeft, with: []) { left() } }
    }

    /// Closes everything kept: the backend seems to have closed its ends.
    func closeAllKept() {
        for connection in exchange(&kept.value, with: []) { connection.close() }
    }

    /// It is no backend any more.
    func remove() {
        isRemoved = true
        closeAllKept()
        releaseIfDone()
    }
}
