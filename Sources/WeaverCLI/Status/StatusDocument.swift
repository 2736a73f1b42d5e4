import FoundationEssentials

/// What `weaver multi status --json` prints. Its keys are a promise to scripts: they are only ever added to, whatever
/// becomes of the status inside.
///
///     { "deployments": [ {
///         "app": "lemon", "deployment": "f74f7512-…", "pid": 4000, "age": 22.5, "stopping": false,
///         "replicas": [ {
///             "component": "Lemon.Categories",       // the group's first component
///             "components": ["Lemon.Categories"],    // all of the group
///             "id": "0c1d…", "pid": 10272, "state": "ready", "restarts": 0,
///             "address": "127.0.0.1:40123", "age": 22.1, "last_exit": null
///         } ],
///         "restart": { "replaced": 1, "replicas": 8 },  // only while a rolling restart is under way
///         "listeners": [ { "listener": "lemon", "address": "127.0.0.1:12345", "backends": 2 } ],
///         "proxies": [ {
///             "listener": "lemon", "address": "127.0.0.1:12345", "connections": 64, "waiting": 0,
///             "in_flight": 3, "requests": 48120, "failures": 0, "p50": 0.0011, "p99": 0.0064,
///             "backends": [ {
///                 "address": "127.0.0.1:40221", "pid": 10270, "state": "ready", "tunnels": 0,
///                 "in_flight": 1, "requests": 24061, "failures": 0, "p50": 0.001, "p99": 0.006
///             } ]
///         } ],
///         "routing": [ {                             // only with --routing
///             "component": "Lemon.CategoryCache", "version": 7, "slices": 31,
///             "replicas": [ {
///                 "id": "91c2…", "pid": 4692, "slices": 16,  // slices of keys that several serve count for each
///                 "keys": 0.48, "calls_per_second": 1250.5   // the part of all keys; by the reports of late
///             } ]
///         } ]
///     } ] }
///
/// Ages are seconds. `id`, `pid`, `address` and `age` are null while a replica has no process (`address` also before it
/// listens); `last_exit` says how the process before ended. `state` is `idle` (nobody asked for it yet), `starting`,
/// `ready`, `unresponsive`, `draining` (another process has taken its place), `stopping`, `restarting`,
/// `given up` or `stopped`.
///
/// Of proxies, `p50` and `p99` are seconds from a request to the head of its response, null before there was one; the
/// failures of a listener are the proxy's own 502, 503 and 504 and responses that were cut, those of a backend are
/// requests that it did not answer. The `state` of a backend is `ready`, `draining`, `failing` or `backing off`.
struct StatusDocument: Encodable, Sendable {
    var deployments: [Deployment]

    struct Deployment: Encodable, Sendable {
        var app: String
        var deployment: String
        var pid: Int32
        var age: Double
        var stopping: Bool
        var replicas: [Replica]
        var listeners: [Listener]
        var routing: [Routing]?
        var proxies: [Proxy]?
        var restart: Restart?
    }

    struct Restart: Encodable, Sendable {
        var replaced: Int
        var replicas: Int
    }

    struct Replica: Encodable, Sendable {
        var component: String
        var components: [String]
        var id: String?
        var pid: Int32?
        var state: String
        var restarts: Int
        var address: String?
        var age: Double?
        var lastExit: String?

        private enum CodingKeys: String, CodingKey {
            case component, components, id, pid, state, restarts, address, age
            case lastExit = "last_exit"
        }

        /// Written out so that what is absent is `null` instead of left out.
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(component, forKey: .component)
            try container.encode(components, forKey: .components)
            try container.encode(id, forKey: .id)
            try container.encode(pid, forKey: .pid)
            try container.encode(state, forKey: .state)
            try container.encode(restarts, forKey: .restarts)
            try container.encode(address, forKey: .address)
            try container.encode(age, forKey: .age)
            try container.encode(lastExit, forKey: .lastExit)
        }
    }

    struct Proxy: Encodable, Sendable {
        var listener: String
        var address: String
        var connections: Int
        var waiting: Int
        var traffic: Traffic
        var backends: [Backend]

        private enum CodingKeys: CodingKey { case listener, address, connections, waiting, backends }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(listener, forKey: .listener)
            try container.encode(address, forKey: .address)
            try container.encode(connections, forKey: .connections)
            try container.encode(waiting, forKey: .waiting)
            try container.encode(backends, forKey: .backends)
            try traffic.encode(to: encoder)
        }
    }

    struct Backend: Encodable, Sendable {
        var address: String
        var pid: Int32?
        var state: String
        var tunnels: Int
        var traffic: Traffic

        private enum CodingKeys: CodingKey { case address, pid, state, tunnels }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(address, forKey: .address)
            try container.encode(pid, forKey: .pid)
            try container.encode(state, forKey: .state)
            try container.encode(tunnels, forKey: .tunnels)
            try traffic.encode(to: encoder)
        }
    }

    /// Its keys stand among those of what had the requests.
    struct Traffic: Encodable, Sendable {
        var inFlight: Int
        var requests: UInt64
        var failures: UInt64
        var p50: Double?
        var p99: Double?

        private enum CodingKeys: String, CodingKey {
            case requests, failures, p50, p99
            case inFlight = "in_flight"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(inFlight, forKey: .inFlight)
            try container.encode(requests, forKey: .requests)
            try container.encode(failures, forKey: .failures)
            try container.encode(p50, forKey: .p50)
            try container.encode(p99, forKey: .p99)
        }
    }

    struct Listener: Encodable, Sendable {
        var listener: String
        var address: String
        var backends: Int
    }

    struct Routing: Encodable, Sendable {
        var component: String
        var version: UInt64
        var slices: Int
        var replicas: [Replica]

        struct Replica: Encodable, Sendable {
            var id: String
            var pid: Int32?
            var slices: Int
            var keys: Double
            var callsPerSecond: Double

            private enum CodingKeys: String, CodingKey {
                case id, pid, slices, keys
                case callsPerSecond = "calls_per_second"
            }
        }
    }

    /// The document as JSON, ended by a newline.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}
