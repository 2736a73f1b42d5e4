internal import CUV
package import WeaverCore

/// An HTTP/1.1 server on one listening address: it accepts connections and bounds them. What answers is a handler that
/// is made for each connection.
///
/// Of its loop's thread only. It has to be closed, or drained, before it is dropped.
package final class HTTPServer {
    package let loop: EventLoop
    package let configuration: HTTPServerConfiguration
    let bounds: Bounds
    /// What it has seen.
    package var counters: HTTPServerCounters { tally.value }
    let tally = LoopState(HTTPServerCounters())
    /// No new requests are taken.
    package var isDraining: Bool { drains }
    private var drains = false
    /// Nobody is on the way any more who could not know it: idle connections are closed.
    private(set) var closesIdle = false

    private let makeHandler: (HTTPServerConnection) -> any HTTPConnectionHandler
    private var listener: StreamListener?
    private var connections: [ObjectIdentifier: HTTPServerConnection] = [:]
    private var sweeper: LoopTimer?
    private let clock = LoopState(HTTPClock())
    private var whenDrained: [() -> Void] = []
    private var grace: LoopTimer?
    private var refusals = 0
    /// Called at each sweep with the time, for bounds that belong to no connection.
    package var onSweep: ((MonotonicTime) -> Void)?
    /// Called once a drain closes idle connections, or is cut before that: what does not end by itself should end.
    package var onDrain: (() -> Void)?

    /// The time bounds that each request meets, in nanoseconds: to convert them each time would be a 128-bit division.
    struct Bounds {
        let header: UInt64
        let idle: UInt64
        let linger: UInt64
        let halfClosed: UInt64
        let tunnelIdle: UInt64

        init(_ configuration: HTTPServerConfiguration) {
            header = configuration.headerTimeout.clampedNanoseconds
            idle = configuration.idleTimeout.clampedNanoseconds
            linger = configuration.lingerTimeout.clampedNanoseconds
            halfClosed = configuration.halfClosedTimeout.clampedNanoseconds
            tunnelIdle = configuration.tunnelIdleTimeout.clampedNanoseconds
        }
    }

    /// A server that does not listen yet.
    package init(
        loop: EventLoop, configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
        makeHandler: @escaping (HTTPServerConnection) -> any HTTPConnectionHandler
    ) {
        self.loop = loop
        self.configuration = configuration
        bounds = Bounds(configuration)
        self.makeHandler = makeHandler
    }

    /// Listens on `address`; `UVError.isAddressInUse` when somebody else does.
    package func start(address: SocketAddress) throws(UVError) {
        try start(socket: try ListeningSocket(address: address))
    }

    /// Accepts on `socket`, and what has connected to it already. Throws when the server has been drained or closed:
    /// nobody would close it again.
    package func start(socket: ListeningSocket) throws(UVError) {
        precondition(listener == nil, "an HTTP server starts once")
        guard !isDraining else {
            throw UVError(code: WEAVER_UV_ECANCELED, operation: "starting an HTTP server that has ended")
        }
        let sweeper = try LoopTimer(loop: loop) { [weak self] in self?.sweep() }
        do throws(UVError) {
            listener = try StreamListener(loop: loop, adopting: socket) { [weak self] stream in
                self.map { $0.accept(stream) } ?? stream.close()
            }
        } catch {
            sweeper.close()
            throw error
        }
        self.sweeper = sweeper
        sweeper.arm(after: sweepInterval, every: sweepInterval)
    }

    /// Where it listens, with the port that the system chose.
    package var localAddress: SocketAddress? { listener?.address }

    /// Answers every request with `Connection: close` from now on; after ``HTTPServerConfiguration/drainGrace`` stops
    /// listening and closes idle connections; lets requests in flight finish, and calls `whenDrained` when no connection is
    /// left. `close()` cuts the rest.
    ///
    /// - Parameter grace: in place of the configuration's.
    package func drain(grace wanted: Duration? = nil, whenDrained: @escaping () -> Void) {
        drains = true
        self.whenDrained.append(whenDrained)
        guard grace == nil else { return }
        let wanted = wanted ?? configuration.drainGrace
        guard listener != nil, wanted > .zero,
            let timer = try? LoopTimer(loop: loop, onFire: { [weak self] in self?.endGrace() })
        else { return endGrace() }
        grace = timer
        timer.arm(after: wanted)
    }

    private func endGrace() {
        stopListening()
        closesIdle = true
        onDrain?()
        for connection in Array(connections.values) { connection.drain() }
        checkDrained()
    }

    private func stopListening() {
        grace?.close()
        grace = nil
        listener?.close()
        listener = nil
    }

    /// Stops listening and closes every connection at once.
    package func close() {
        if drains, !closesIdle { onDrain?() }
        drains = true
        closesIdle = true
        stopListening()
        sweeper?.close()
        sweeper = nil
        for connection in Array(connections.values) { connection.close() }
        checkDrained()
    }

    /// Bytes in memory for all clients: what they sent and nobody has taken, and what they have not taken.
    package var bufferedBytes: Int { connections.values.reduce(0) { $0 + $1.bufferedBytes } }

    /// Now, as the value of a Date field.
    package func date() -> [UInt8] { clock.value.date() }

    func didClose(_ connection: HTTPServerConnection) {
        connections[ObjectIdentifier(connection)] = nil
        if connection.isRefused { refusals -= 1 }
        tally.value.openConnections -= 1
        checkDrained()
    }

    private func accept(_ stream: ByteStream) {
        tally.value.connections += 1
        let isRefused = connections.count - refusals >= configuration.maximumConnections
        if isRefused, refusals >= configuration.maximumRefusals { return stream.reset() }
        if isRefused { refusals += 1 }
        tally.value.openConnections += 1
        stream.highWaterMark = configuration.responseHighWaterMark
        stream.lowWaterMark = configuration.responseLowWaterMark
        let connection = HTTPServerConnection(stream: stream, server: self, isRefused: isRefused)
        connections[ObjectIdentifier(connection)] = connection
        connection.start()
    }

    /// Calls `body` with what answers each connection, in no particular order.
    func forEachHandler(_ body: (any HTTPConnectionHandler) -> Void) {
        for connection in Array(connections.values) { connection.handler.map(body) }
    }

    func handler(for connection: HTTPServerConnection) -> any HTTPConnectionHandler { makeHandler(connection) }

    private func checkDrained() {
        guard closesIdle, connections.isEmpty else { return }
        sweeper?.close()
        sweeper = nil
        for done in exchange(&whenDrained, with: []) { done() }
    }

    // MARK: Time bounds

    /// One timer for all connections: a bound is met within a quarter of the shortest, and a request arms nothing.
    private var sweepInterval: Duration {
        var shortest = min(
            configuration.headerTimeout, configuration.idleTimeout, configuration.lingerTimeout,
            configuration.halfClosedTimeout, configuration.tunnelDrainTimeout, configuration.webSocketCloseTimeout)
        if configuration.tunnelIdleTimeout > .zero { shortest = min(shortest, configuration.tunnelIdleTimeout) }
        return min(max(shortest / 4, .milliseconds(5)), .milliseconds(250))
    }

    private func sweep() {
        let now = loop.now
        for connection in Array(connections.values) { connection.sweep(now) }
        onSweep?(now)
    }
}
