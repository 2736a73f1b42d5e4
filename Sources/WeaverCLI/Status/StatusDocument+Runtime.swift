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

extension StatusDocument.Routing {
    fileprivate init(_ routing: DeploymentStatus.Routing) {
        self.init(
            component: routing.component, version: routing.version, slices: routing.slices,
            replicas: routing.replicas.map {
                Replica(id: $0.id, pid: $0.pid, slices: $0.slices, keys: $0.keys, callsPerSecond: $0.load)
            })
    }
}
