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
    /// Called when it is removed and nothing is in flight any more.
    var onReleased: [() -> Void] = []
    /// The one used last is used first, so that the others can go when there are more than needed.
    private let kept = LoopState<[BackendConnection]>([])

    init(id: BackendTable.ID, address: SocketAddress) {
        self.id = id
        self.address = address
    }

    /// A connection that waits for a request.
    func takeKept() -> BackendConnection? {
        while let connection = kept.value.popLast() {
            if connection.isUsable { return connection }
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
    func began() { inFlight += 1 }

    /// An exchange with it ended, and its connection has been given back.
    func ended() {
        inFlight -= 1
        releaseIfDone()
    }

    private func releaseIfDone() {
        guard isRemoved, inFlight == 0 else { return }
        for released in exchange(&onReleased, with: []) { released() }
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
