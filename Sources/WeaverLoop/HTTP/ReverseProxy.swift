internal import CUV
package import WeaverCore

/// The bounds of a reverse proxy.
package struct ReverseProxyConfiguration: Sendable, Equatable {
    /// The side towards the clients.
    package var server = HTTPServerConfiguration()
    /// What a backend's messages may cost.
    package var backendLimits = HTTPLimits()
    /// A connection to a backend has to be made within this time.
    package var connectTimeout = Duration.seconds(2)
    /// A backend has to begin its response this long after the last part of the request. Past it: 504. A response that
    /// has begun may take as long as it likes: streams are never cut.
    package var responseTimeout = Duration.seconds(60)
    /// Requests in flight with one backend at a time, 0 for no limit. More wait for one to end. Tunnels do not count.
    package var maximumBackendRequests = 4096
    /// Requests that wait for a backend at a time. Past it: 503 with Retry-After.
    package var maximumWaiting = 1024
    /// How long a request waits when no backend is ready, or all are busy. Past it: 503 with Retry-After.
    package var waitTimeout = Duration.seconds(10)
    /// A backend that refused a connection, or broke one without an answer, is asked last for this time; a request that
    /// all have failed, and which may be sent again, waits for it once.
    package var failureBackoff = Duration.nanoseconds(BackendTable.failureBackoff)
    /// A kept connection to a backend is closed after this time; shorter than the 75 s of our own servers, so that the
    /// proxy closes first.
    package var keptConnectionTimeout = Duration.seconds(60)
    /// Queued bytes of a request above which its client is held back, and below which it goes on.
    package var backendHighWaterMark = 256 * 1024
    package var backendLowWaterMark = 64 * 1024
    /// Responses at a time whose bodies pass inside of the kernel, through a pipe each, which is two descriptors. Past it
    /// they are copied; 0 to copy all.
    package var maximumSplices = 64
    /// From this many bytes that are left of a body on it passes inside of the kernel.
    package var smallestSplice: UInt64 = 256 * 1024
    /// Whose X-Forwarded-* and Forwarded are believed: nobody's.
    package var trustedProxies = TrustedProxies()
    /// The trusted proxies begin their connections with a header of the PROXY protocol, and the client that it names is
    /// taken for the peer. Connections of others are read as HTTP.
    package var acceptsProxyProtocol = false

    /// How long a proxy that drains still listens and keeps idle connections, when it has clients: requests of theirs may be on
    /// their way, and one that met a reset might have been carried out or not.
    package static let drainGrace = Duration.milliseconds(250)

    /// The defaults above.
    package init() { server.drainGrace = Self.drainGrace }

    var serverConfiguration: HTTPServerConfiguration {
        var server = server
        if acceptsProxyProtocol { server.proxyProtocolPeers = trustedProxies }
        return server
    }
}

/// What a proxy has seen since it started.
package struct ReverseProxyCounters: Sendable, Equatable {
    /// Connections to backends that were made, or tried.
    package internal(set) var backendConnections: UInt64 = 0
    /// Requests that went out on a kept connection.
    package internal(set) var reusedConnections: UInt64 = 0
    /// Requests that were sent again.
    package internal(set) var retries: UInt64 = 0
    /// Bytes of responses that passed inside of the kernel.
    package internal(set) var splicedBytes: UInt64 = 0
    /// Answers of the proxy's own: 502, 503 and 504.
    package internal(set) var failures: UInt64 = 0
}

/// An HTTP/1.1 reverse proxy: one listening address, any number of backends, which may change at any time.
///
/// A request goes to the backend with the least in flight, over a kept connection when there is one; bodies pass both
/// ways in slices, with back-pressure. Of its loop's thread only; close or drain it before dropping it.
package final class ReverseProxy {
    package let loop: EventLoop
    package let configuration: ReverseProxyConfiguration
    /// What it has seen.
    package var counters: ReverseProxyCounters { tally.value }
    let tally = LoopState(ReverseProxyCounters())
    /// Where each request gets a line; nil for nowhere. To be set before it starts.
    package var accessLog: AccessLog? {
        get { log }
        set { log = newValue }
    }
    private(set) var log: AccessLog?
    /// What clients asked, and how it was answered.
    let traffic = LoopState(TrafficMeter())

    private(set) lazy var server = HTTPServer(loop: loop, configuration: configuration.serverConfiguration) {
        [unowned self] connection in
        ProxiedClient(proxy: self, connection: connection)
    }
    private let table: LoopState<BackendTable>
    private let requestIDs = LoopState(
        RequestIDGenerator(randomness: (.random(in: .min ... .max), .random(in: .min ... .max))))
    let splicePipes: SplicePipes
    /// Time bounds of the configuration that each request meets, in nanoseconds.
    let responseBound: UInt64
    let failureBackoff: UInt64
    private let keptBound: UInt64
    /// In the order of the table.
    private var backends: [Backend] = []
    /// The one that has waited longest is first.
    private let waiting = LoopState<[ProxiedClient]>([])
    private var placeOfWoken: Int?
    /// Backends that have been removed while something was in flight with them.
    private var leaving: [Backend] = []

    /// A proxy that does not listen yet and has no backends.
    package init(loop: EventLoop, configuration: ReverseProxyConfiguration = ReverseProxyConfiguration()) {
        self.loop = loop
        self.configuration = configuration
        failureBackoff = configuration.failureBackoff.clampedNanoseconds
        table = LoopState(
            BackendTable(maximumInFlight: configuration.maximumBackendRequests, failureBackoff: failureBackoff))
        responseBound = configuration.responseTimeout.clampedNanoseconds
        keptBound = configuration.keptConnectionTimeout.clampedNanoseconds
        splicePipes = SplicePipes(maximum: configuration.maximumSplices)
        server.onSweep = { [weak self] now in self?.sweep(now) }
    }

    /// Listens on `address`; `UVError.isAddressInUse` when somebody else does.
    package func start(address: SocketAddress) throws(UVError) {
        try server.start(address: address)
    }

    /// Where it listens, with the port that the system chose.
    package var localAddress: SocketAddress? { server.localAddress }

    /// What the side towards the clients has seen.
    package var serverCounters: HTTPServerCounters { server.counters }

    /// Bytes in memory for all clients and their requests.
    package var bufferedBytes: Int { server.bufferedBytes }

    /// Requests in flight with each backend, in no particular order.
    package var requestsInFlight: [SocketAddress: Int] {
        Dictionary(uniqueKeysWithValues: backends.map { ($0.address, table.value.inFlight($0.id)) })
    }

    /// What it has done, and is doing; `listener` is its name.
    package func status(listener: String) -> ProxyStatus {
        let now = loop.now.nanoseconds
        let counters = server.counters
        return ProxyStatus(
            listener: listener, address: localAddress?.description ?? "", connections: counters.openConnections,
            waiting: waiting.value.count, traffic: .init(traffic.value, inFlight: counters.requestsInFlight),
            backends: (backends + leaving).map { backend in
                ProxyStatus.Backend(
                    address: backend.address.description, state: table.value.state(of: backend.id, now: now),
                    tunnels: table.value.tunnels(backend.id),
                    traffic: .init(
                        backend.traffic.value,
                        inFlight: backend.isRemoved ? backend.inFlight : table.value.inFlight(backend.id)))
            }.sorted { $0.address < $1.address })
    }

    /// Responses whose bodies pass inside of the kernel now.
    package var splicesInFlight: Int { splicePipes.inUse }

    /// Replaces the backends. A new one is used at once; one that is not named any more gets no further request, its
    /// kept connections are closed, and what it has in flight finishes or fails by itself.
    package func setBackends(_ addresses: [SocketAddress]) {
        let wanted = Set(addresses)
        for backend in backends where !wanted.contains(backend.address) {
            backends.removeAll { $0 === backend }
            table.value.remove(backend.id)
            backend.remove()
            guard backend.inFlight > 0 else { continue }
            leaving.append(backend)
            backend.onLeft.append { [unowned self, unowned backend] in leaving.removeAll { $0 === backend } }
        }
        let known = Set(backends.map(\.address))
        for address in wanted.subtracting(known) {
            backends.append(Backend(id: table.value.add(), address: address))
        }
        guard !backends.isEmpty else { return }
        for client in exchange(&waiting.value, with: []) { client.backendsChanged() }
    }

    /// Calls `released` once nothing is on its way to `address`: it has begun to answer everything that it was sent, and knows
    /// itself what it has in flight. At once when there is nothing. To be asked when it is no backend any more.
    package func whenReleased(_ address: SocketAddress, _ released: @escaping () -> Void) {
        guard let backend = leaving.last(where: { $0.address == address }), backend.unanswered > 0 else {
            return released()
        }
        backend.onReleased.append(released)
    }

    /// What is behind `address` answers nobody any more, and is no backend any more: requests that it has, and that may be sent
    /// again, go to another backend, if there is one. The others wait for it, as long as they may.
    package func fellSilent(_ address: SocketAddress) {
        guard !backends.isEmpty else { return }
        server.forEachHandler { ($0 as? ProxiedClient)?.backendFellSilent(address) }
    }

    /// Stops listening after ``HTTPServerConfiguration/drainGrace``, at once without a client; lets requests in flight finish,
    /// and calls `whenDrained` when no client is left.
    package func drain(whenDrained: @escaping () -> Void) {
        server.drain(grace: server.counters.openConnections == 0 ? .zero : nil) { [self] in
            for backend in backends { backend.remove() }
            whenDrained()
        }
    }

    /// Closes everything at once.
    package func close() {
        server.close()
        for backend in backends { backend.remove() }
    }

    // MARK: For the clients

    /// The id of a request that has none.
    func makeRequestID() -> RequestID { requestIDs.value.next() }

    /// What `pick` found.
    enum Pick {
        case kept(BackendConnection)
        case connecting(BackendConnection)
        case failed(Backend)
        /// This process can make no connection.
        case exhausted
        /// Each backend that was not tried has as many requests as it may have.
        case busy
        case none
    }

    /// A connection to the least busy backend that is not excluded.
    ///
    /// What cannot be sent again gets no kept connection on which the backend's end has arrived already.
    ///
    /// What may become a tunnel gets a new one: the connection is used up, and an offer cannot be sent again when a
    /// kept connection turns out to have been closed.
    func pick(
        for client: ProxiedClient, excluding excluded: [BackendTable.ID], forTunnel: Bool, isIdempotent: Bool,
        now: MonotonicTime
    ) -> Pick {
        let backend: Backend
        switch table.value.pick(excluding: excluded, forTunnel: forTunnel, now: now.nanoseconds) {
        case .backend(let id, let index):
            backend = backends[index]
            precondition(backend.id == id, "the proxy's backends are not those of its table")
        case .busy: return .busy
        case .none: return .none
        }
        if !forTunnel, let kept = backend.takeKept(mustBeQuiet: !isIdempotent) {
            table.value.began(backend.id)
            backend.began()
            kept.isAnswered = false
            tally.value.reusedConnections += 1
            kept.client = client
            return .kept(kept)
        }
        tally.value.backendConnections += 1
        do throws(UVError) {
            let made = try BackendConnection(
                connectingTo: backend, loop: loop, configuration: configuration)
            table.value.began(backend.id)
            backend.began()
            made.client = client
            return .connecting(made)
        } catch {
            if error.isShortage { return .exhausted }
            table.value.failed(backend.id, now: now.nanoseconds)
            return .failed(backend)
        }
    }

    /// A response began on `connection`.
    func answered(_ connection: BackendConnection) {
        table.value.succeeded(connection.backend.id)
        connection.isAnswered = true
        connection.backend.answered()
    }

    /// `connection` is a tunnel from now on, and no request in flight.
    func becameTunnel(_ connection: BackendConnection) {
        answered(connection)
        table.value.becameTunnel(connection.backend.id)
        wakeOne()
    }

    /// A new connection could not be made, or broke without an answer.
    func failed(_ connection: BackendConnection) {
        table.value.failed(connection.backend.id, now: loop.now.nanoseconds)
    }

    /// The exchange on `connection` is over; the connection is kept, or closed.
    func release(_ connection: BackendConnection, keep: Bool) {
        connection.client = nil
        connection.isTunnel ? table.value.tunnelEnded(connection.backend.id) : table.value.ended(connection.backend.id)
        if keep, !connection.backend.isRemoved, connection.isUsable {
            connection.backend.keep(connection, until: loop.roundTime.advanced(nanoseconds: keptBound))
        } else {
            connection.close()
        }
        connection.backend.ended(wasAnswered: connection.isAnswered)
        wakeOne()
    }

    /// There are backends, ready or not.
    var hasBackends: Bool { !backends.isEmpty }

    /// One more may wait.
    var mayWait: Bool { waiting.value.count < configuration.maximumWaiting }

    /// Behind the others, or again in the place from which it was woken.
    func wait(_ client: ProxiedClient) {
        waiting.value.insert(client, at: exchange(&placeOfWoken, with: nil) ?? waiting.value.count)
    }

    func stopWaiting(_ client: ProxiedClient) {
        if !waiting.value.isEmpty { waiting.value.removeAll { $0 === client } }
    }

    /// A backend has room for one more: for the first that may use it.
    private func wakeOne() {
        var place = 0
        while place < waiting.value.count {
            let client = waiting.value[place]
            guard !client.exchangeState.value.awaitsRecovery else {
                place += 1
                continue
            }
            waiting.value.remove(at: place)
            placeOfWoken = place
            client.backendsChanged()
            placeOfWoken = nil
            guard place < waiting.value.count, waiting.value[place] === client else { return }
            place += 1
        }
    }

    private func sweep(_ now: MonotonicTime) {
        for backend in backends { backend.sweepKept(now) }
    }
}
