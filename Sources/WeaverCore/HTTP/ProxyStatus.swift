/// What one proxy has done since it started, and what it is doing. Codable: it is part of the status of a deployment.
package struct ProxyStatus: Hashable, Sendable, Codable {
    /// The name of its listener.
    package var listener: String
    /// Where it listens.
    package var address: String
    /// Clients' connections open now.
    package var connections: Int
    /// Requests that wait for a backend.
    package var waiting: Int
    /// Requests of clients. Failures are the proxy's own answers with 502, 503 and 504, and responses that were cut.
    package var traffic: Traffic
    /// Its backends by address, those that are being drained among them.
    package var backends: [Backend]

    package init(
        listener: String, address: String, connections: Int, waiting: Int, traffic: Traffic, backends: [Backend]
    ) {
        self.listener = listener
        self.address = address
        self.connections = connections
        self.waiting = waiting
        self.traffic = traffic
        self.backends = backends
    }

    /// Requests and how long they took.
    package struct Traffic: Hashable, Sendable, Codable {
        /// Requests being answered now; tunnels do not count.
        package var inFlight: Int
        /// Requests since the start.
        package var requests: UInt64
        /// Those among them that failed.
        package var failures: UInt64
        /// Seconds from the request to the head of its response, of half of all; nil before there is one.
        package var p50: Double?
        /// The same of 99 in 100.
        package var p99: Double?
        /// All of them; not part of what is encoded.
        package var latencies = Histogram()

        private enum CodingKeys: CodingKey { case inFlight, requests, failures, p50, p99 }

        /// What `meter` has counted.
        package init(_ meter: TrafficMeter, inFlight: Int) {
            self.inFlight = inFlight
            requests = meter.requests
            failures = meter.failures
            latencies = meter.latencies
            p50 = latencies.value(at: 0.5)
            p99 = latencies.value(at: 0.99)
        }
    }

    /// A server that requests go to.
    package struct Backend: Hashable, Sendable, Codable {
        /// Its address.
        package var address: String
        /// The process id of the replica, where it is one.
        package var pid: Int32?
        /// Whether it gets requests.
        package var state: State
        /// Tunnels to it now.
        package var tunnels: Int
        /// Requests that were sent to it, again ones included. Failures are those that it did not answer.
        package var traffic: Traffic

        package init(address: String, state: State, tunnels: Int, traffic: Traffic) {
            self.address = address
            self.state = state
            self.tunnels = tunnels
            self.traffic = traffic
        }
    }

    /// Whether a backend gets requests.
    package enum State: String, Hashable, Sendable, Codable {
        /// As any other.
        case ready
        /// No more: it finishes what it has in flight.
        case draining
        /// It has failed and not answered since, and is tried again.
        case failing
        /// It has failed a moment ago, and is asked last.
        case backingOff = "backing off"
    }
}

/// Counts the requests of a listener or a backend, and their latencies: from the request to the head of its response, so
/// that neither slow clients nor streams count for slow servers.
package struct TrafficMeter: Sendable {
    /// Requests.
    package private(set) var requests: UInt64 = 0
    /// Those among them that failed.
    package private(set) var failures: UInt64 = 0
    /// In seconds.
    package private(set) var latencies = Histogram()

    /// Nothing counted.
    package init() {}

    /// A request came, or was sent.
    package mutating func began() { requests &+= 1 }

    /// A request failed.
    package mutating func failed() { failures &+= 1 }

    /// A response's head came; a reading of the clock that went back counts as no time.
    package mutating func answered(since began: MonotonicTime, now: MonotonicTime) {
        latencies.record(nanoseconds: now.nanoseconds - min(began.nanoseconds, now.nanoseconds))
    }
}
