import WeaverCore

extension StatusDocument {
    /// The document of what deployments have answered.
    init(_ deployments: [DeploymentStatus]) {
        self.deployments = deployments.map { deployment in
            Deployment(
                app: deployment.app, deployment: deployment.deployment, pid: deployment.pid, age: deployment.age,
                stopping: deployment.isStopping,
                replicas: deployment.groups.flatMap { group in group.replicas.map { Replica($0, of: group) } },
                listeners: deployment.listeners.map {
                    Listener(listener: $0.name, address: $0.address, backends: $0.backends)
                },
                routing: deployment.routing.map { $0.map(Routing.init) },
                proxies: deployment.proxies.map { $0.map(Proxy.init) },
                restart: deployment.restart.map { Restart(replaced: $0.replaced, replicas: $0.replicas) })
        }
    }
}

extension StatusDocument.Replica {
    fileprivate init(_ replica: DeploymentStatus.Replica, of group: DeploymentStatus.Group) {
        self.init(
            component: group.name, components: group.components, id: replica.id, pid: replica.pid,
            state: replica.state.rawValue, restarts: replica.restarts, address: replica.address, age: replica.age,
            lastExit: replica.lastExit)
    }
}

extension StatusDocument.Proxy {
    fileprivate init(_ proxy: ProxyStatus) {
        self.init(
            listener: proxy.listener, address: proxy.address, connections: proxy.connections, waiting: proxy.waiting,
            traffic: .init(proxy.traffic),
            backends: proxy.backends.map {
                StatusDocument.Backend(
                    address: $0.address, pid: $0.pid, state: $0.state.rawValue, tunnels: $0.tunnels,
                    traffic: .init($0.traffic))
            })
    }
}

extension StatusDocument.Traffic {
    fileprivate init(_ traffic: ProxyStatus.Traffic) {
        self.init(
            inFlight: traffic.inFlight, requests: traffic.requests, failures: traffic.failures, p50: traffic.p50,
            p99: traffic.p99)
    }
}

extension StatusDocument.Routing {
    fileprivate init(_ routing: DeploymentStatus.Routing) {
        self.init(
            component: routing.component, version: routing.version, slices: routing.slices,
            replicas: routing.replicas.map {
                Replica(id: $0.id, pid: $0.pid, slices: $0.slices, keys: $0.keys, callsPerSecond: $0.load)
            })
    }
}
