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
/// `ready`, `unresponsive`, `draining` (another process has taken its place), `stopping`, `restarting`, `given up` or `stopped`.
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
