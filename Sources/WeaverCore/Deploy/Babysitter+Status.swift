extension Babysitter {
    /// What is shown of the deployment at `now`, with its slices if they are wanted; `processID` is the deployer's own.
    package func status(
        began: MonotonicTime, now: MonotonicTime, processID: Int32, withRouting: Bool = false
    ) -> DeploymentStatus {
        let isStopping =
            switch phase {
            case .starting, .running: false
            case .stopping, .ended: true
            }
        return DeploymentStatus(
            app: plan.application, deployment: deployment, pid: processID, age: (now - began) / .seconds(1),
            isStopping: isStopping,
            groups: groups.map { group in
                DeploymentStatus.Group(
                    name: group.plan.name, components: group.plan.components,
                    replicas: group.slots.map { $0.status(now: now) })
            },
            listeners: listeners.sorted { $0.key < $1.key }.compactMap { name, listener in
                listener.address.map {
                    DeploymentStatus.Listener(name: name, address: "\($0)", backends: listener.backends.count)
                }
            }, routing: withRouting ? routingStatus : nil,
            restart: restart.map { DeploymentStatus.Restart(replaced: $0.replaced, replicas: $0.total) })
    }

    /// The process that serves `listener` at `address`; nil when there is none any more.
    package func processID(exporting listener: String, at address: String) -> Int32? {
        for group in groups {
            for slot in group.slots where slot.exported[listener]?.description == address {
                return slot.processID.map { Int32(clamping: $0) }
            }
        }
        return nil
    }

    private var routingStatus: [DeploymentStatus.Routing] {
        assigners.sorted { $0.key < $1.key }.map { component, assigner in
            let slots = plan.groupIndex(of: component).map { groups[$0].slots } ?? []
            return DeploymentStatus.Routing(
                component: component, version: assigner.assignment.version,
                slices: assigner.assignment.slices.count,
                replicas: zip(slots, assigner.replicaLoads()).compactMap { slot, has in
                    guard let has, let id = slot.replica else { return nil }
                    return DeploymentStatus.RoutedReplica(
                        id: id, pid: slot.processID.map { Int32(clamping: $0) }, slices: has.slices, keys: has.keys,
                        load: has.load)
                })
        }
    }
}

extension ReplicaSlot {
    func status(now: MonotonicTime) -> DeploymentStatus.Replica {
        DeploymentStatus.Replica(
            id: replica, pid: processID.map { Int32(clamping: $0) }, state: statusState, restarts: restarts,
            address: address, age: startedAt.map { (now - $0) / .seconds(1) }, lastExit: lastExit)
    }

    private var statusState: DeploymentStatus.State {
        switch state {
        case .idle: .idle
        case .starting: .starting
        case .ready: .ready
        case .suspended: .unresponsive
        case .retiring: .draining
        case .leaving, .stopping, .killed: .stopping
        case .waiting: .restarting
        case .givenUp: .givenUp
        case .finished: .stopped
        }
    }
}
