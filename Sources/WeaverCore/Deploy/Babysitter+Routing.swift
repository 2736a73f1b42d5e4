// Who may call whom and where: routing info for subscribers, backends for proxies.

extension Babysitter {
    /// A weavelet asks for a component: its group is started, once, and the weavelet hears of its replicas from now on.
    package mutating func startComponentAsked(
        by replica: ReplicaID, component: String, request: Int64, now: MonotonicTime
    ) {
        guard let position = positions[replica] else { return }
        guard let group = plan.groupIndex(of: component) else {
            return actions.append(.reply(replica, request: request, .refused("there is no component \(component)")))
        }
        guard groups[position.group].plan.reachable.contains(component) else {
            let reason = "\(groups[position.group].plan.name) has no ref to \(component)"
            return actions.append(.reply(replica, request: request, .refused(reason)))
        }
        actions.append(.reply(replica, request: request, .done))
        if subscribers[component, default: []].contains(replica) == false {
            subscribers[component, default: []].append(replica)
        }
        startGroup(group, now: now)
        actions.append(.send(replica, .routingInfo(routingInfo(of: component)), awaitsReply: false))
    }

    /// A group's replicas that take work have changed: everybody who cares hears of it.
    ///
    /// A routed component has no replicas to others before its group is assigned: a key would be served by the first
    /// one that is ready and, a moment later, by its owner, which knows nothing of it.
    mutating func changedReplicas(ofGroup group: Int) {
        if groups[group].awaitsAssignment, !groups[group].members.contains(where: \.awaitsFirstStart) {
            groups[group].isAssigned = true
        }
        for component in groups[group].plan.components {
            if plan.routed.contains(component), groups[group].isAssigned {
                let replicas = groups[group].members.map { $0.takesWork ? $0.replica : nil }
                _ = assigners[component, default: Assigner(limits: limits.assigner)].setReplicas(replicas)
            }
            announce(component, ofGroup: group)
        }
        for listener in groups[group].plan.listeners { changedBackends(of: listener, group: group) }
    }

    /// Tells everybody who cares what has changed of a component's replicas and slices.
    mutating func announce(_ component: String, ofGroup group: Int) {
        let info = routingInfo(of: component)
        guard announced[component] != info else { return }
        announced[component] = info
        for hearer in hearers(of: component, group: group) {
            actions.append(.send(hearer, .routingInfo(info), awaitsReply: false))
        }
    }

    /// Those who call the component, and those who host it where it is routed: they count its calls by its slices.
    private func hearers(of component: String, group: Int) -> [ReplicaID] {
        let callers = subscribers[component, default: []]
        guard plan.routed.contains(component) else { return callers }
        let hosts = groups[group].slots.filter { $0.address != nil }.compactMap(\.replica)
        return callers + hosts.filter { !callers.contains($0) }
    }

    func routingInfo(of component: String) -> RoutingInfo {
        guard let index = plan.groupIndex(of: component) else {
            return RoutingInfo(component: component, replicas: [])
        }
        let isHeldBack = plan.routed.contains(component) && !groups[index].isAssigned
        let replicas = groups[index].slots.filter { $0.takesWork && !isHeldBack }.compactMap { slot in
            slot.replica.flatMap { id in slot.address.map { RoutingInfo.Replica(id: id, address: $0) } }
        }
        return RoutingInfo(
            component: component, replicas: replicas, assignment: assigners[component]?.assignment,
            isGivenUp: groups[index].slots.allSatisfy { $0.state == .givenUp })
    }

    // MARK: Listeners

    /// A weavelet asks where to listen: the proxy has the configured address, so any free port will do.
    package mutating func addressAsked(by replica: ReplicaID, listener: String, request: Int64) {
        guard let position = positions[replica] else { return }
        guard groups[position.group].plan.listeners.contains(listener) else {
            return refuseListener(listener, position, replica, request)
        }
        actions.append(.reply(replica, request: request, .address("127.0.0.1:0")))
    }

    private mutating func refuseListener(
        _ listener: String, _ position: SlotPosition, _ replica: ReplicaID, _ request: Int64
    ) {
        let reason = "\(groups[position.group].plan.name) has no listener \(listener)"
        actions.append(.reply(replica, request: request, .refused(reason)))
    }

    /// A weavelet listens: its address is a backend of the listener's proxy.
    package mutating func exported(by replica: ReplicaID, listener: String, address: String, request: Int64) {
        guard let position = positions[replica] else { return }
        guard groups[position.group].plan.listeners.contains(listener), let proxy = listeners[listener]?.address else {
            return refuseListener(listener, position, replica, request)
        }
        guard let backend = SocketAddress(address), backend.port != 0 else {
            return actions.append(
                .reply(replica, request: request, .refused("\(address) is no address to listen on")))
        }
        withSlot(replica) { $0.exported[listener] = backend }
        actions.append(.reply(replica, request: request, .listenerExported(proxyAddress: "\(proxy)")))
        changedBackends(of: listener, group: position.group)
    }

    mutating func changedBackends(of listener: String, group: Int) {
        let backends = groups[group].slots.filter(\.takesWork).compactMap { $0.exported[listener] }
        guard listeners[listener]?.backends != backends else { return }
        listeners[listener]?.backends = backends
        actions.append(.setBackends(listener: listener, backends))
    }

    /// A listener's proxy listens.
    package mutating func proxyStarted(_ listener: String, address: SocketAddress, now: MonotonicTime) {
        listeners[listener]?.address = address
        log(.info, "listener '\(listener)' on \(address)")
        startMainIfProxiesAreUp(now: now)
    }

    /// A listener's proxy cannot listen: nothing can be served, so the deployment ends.
    package mutating func proxyFailed(_ listener: String, reason: String) {
        guard phase == .starting else { return log(.error, "the proxy of listener \(listener) failed: \(reason)") }
        end(code: 1, reason: "listener \(listener): \(reason)")
    }
}
