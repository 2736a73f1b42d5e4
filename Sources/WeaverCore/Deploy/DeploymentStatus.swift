/// What `weaver multi status` shows of one deployment. Codable: this is the JSON of `--json` and of the status socket.
package struct DeploymentStatus: Hashable, Sendable, Codable {
    /// The application's name.
    package var app: String
    /// The deployment's id, a UUID.
    package var deployment: String
    /// The deployer's process id.
    package var pid: Int32
    /// Seconds since the deployment began.
    package var age: Double
    /// Whether the deployment is being stopped.
    package var isStopping: Bool
    /// The groups, that of `main` first.
    package var groups: [Group]
    /// The listeners whose proxies listen, sorted by name.
    package var listeners: [Listener]
    /// Who serves which keys of the routed components, sorted by name; only where it was asked for.
    package var routing: [Routing]?
    /// The proxies by listener, and their backends.
    package var proxies: [ProxyStatus]?
    /// The rolling restart that is under way; nil for none.
    package var restart: Restart?

    package init(
        app: String, deployment: String, pid: Int32, age: Double, isStopping: Bool = false, groups: [Group],
        listeners: [Listener], routing: [Routing]? = nil, restart: Restart? = nil
    ) {
        self.app = app
        self.deployment = deployment
        self.pid = pid
        self.age = age
        self.isStopping = isStopping
        self.groups = groups
        self.listeners = listeners
        self.routing = routing
        self.restart = restart
    }

    /// How far a rolling restart has come.
    package struct Restart: Hashable, Sendable, Codable {
        /// How many replicas have been replaced.
        package var replaced: Int
        /// How many there are to replace in all.
        package var replicas: Int

        package init(replaced: Int, replicas: Int) {
            self.replaced = replaced
            self.replicas = replicas
        }
    }

    /// A group and its replicas.
    package struct Group: Hashable, Sendable, Codable {
        /// The group's name: that of its first component.
        package var name: String
        /// The full names of its components.
        package var components: [String]
        /// Its replicas, one for each slot, in order; one more while one of them is replaced.
        package var replicas: [Replica]

        package init(name: String, components: [String], replicas: [Replica]) {
            self.name = name
            self.components = components
            self.replicas = replicas
        }
    }

    /// One replica: a slot of a group, and the process that lives in it now.
    package struct Replica: Hashable, Sendable, Codable {
        /// The id of the process, a UUID; nil while there is none.
        package var id: String?
        /// The process id; nil while there is none.
        package var pid: Int32?
        /// What it is doing.
        package var state: State
        /// How often it was started again.
        package var restarts: Int
        /// The address of its RPC server; nil before it has one.
        package var address: String?
        /// Seconds since the process was started; nil while there is none.
        package var age: Double?
        /// How the last process in this slot ended, in words; nil when none has.
        package var lastExit: String?

        package init(
            id: String? = nil, pid: Int32? = nil, state: State, restarts: Int = 0, address: String? = nil,
            age: Double? = nil, lastExit: String? = nil
        ) {
            self.id = id
            self.pid = pid
            self.state = state
            self.restarts = restarts
            self.address = address
            self.age = age
            self.lastExit = lastExit
        }
    }

    /// What a replica is doing.
    package enum State: String, Hashable, Sendable, Codable {
        /// Nobody has asked for its group yet.
        case idle
        /// Its process runs and does not take calls yet.
        case starting
        /// It takes calls.
        case ready
        /// It does not answer, and gets no work until it does.
        case unresponsive
        /// Another process has taken its place: it finishes what it has in flight, and ends.
        case draining
        /// It is being ended, or ends by itself.
        case stopping
        /// It has died and will be started again.
        case restarting
        /// It has died too often and will not be started again.
        case givenUp = "given up"
        /// It has ended in order, and no other comes.
        case stopped
    }

    /// A listener and its proxy.
    package struct Listener: Hashable, Sendable, Codable {
        /// The listener's name.
        package var name: String
        /// The proxy's address, as `host:port`.
        package var address: String
        /// How many replicas the proxy spreads over.
        package var backends: Int

        package init(name: String, address: String, backends: Int) {
            self.name = name
            self.address = address
            self.backends = backends
        }
    }

    /// The slices of a routed component.
    package struct Routing: Hashable, Sendable, Codable {
        /// The component's full name.
        package var component: String
        /// The assignment's version.
        package var version: UInt64
        /// How many slices it has.
        package var slices: Int
        /// What each replica that takes calls has, in the order of the slots.
        package var replicas: [RoutedReplica]

        package init(component: String, version: UInt64, slices: Int, replicas: [RoutedReplica]) {
            self.component = component
            self.version = version
            self.slices = slices
            self.replicas = replicas
        }
    }

    /// What one replica has of a routed component.
    package struct RoutedReplica: Hashable, Sendable, Codable {
        /// The id of the process, a UUID.
        package var id: String
        /// The process id.
        package var pid: Int32?
        /// How many slices it serves; those of keys that several serve count for each.
        package var slices: Int
        /// The part of the key space.
        package var keys: Double
        /// Calls a second, as reported lately.
        package var load: Double

        package init(id: String, pid: Int32?, slices: Int, keys: Double, load: Double) {
            self.id = id
            self.pid = pid
            self.slices = slices
            self.keys = keys
            self.load = load
        }
    }
}
