// The life of replicas: starting, readiness, health, death.

extension Babysitter {
    /// The signal that nothing survives, the same number everywhere.
    static let sigkill: Int32 = 9
    static let sigterm: Int32 = 15

    mutating func startGroup(_ group: Int, now: MonotonicTime) {
        guard phase == .running, !groups[group].isStarted else { return }
        groups[group].isStarted = true
        for slot in groups[group].slots.indices { spawn(group: group, slot: slot, now: now) }
    }

    private mutating func spawn(group: Int, slot: Int, now: MonotonicTime) {
        let replica = generator.uuid()
        let plan = groups[group].plan
        places[replica] = Place(group: group, slot: slot)
        groups[group].slots[slot].replica = replica
        groups[group].slots[slot].startedAt = now
        groups[group].slots[slot].state = .starting(until: now + limits.start)
        actions.append(
            .spawn(
                SetupInfo(
                    application: self.plan.application, deployment: deployment, replica: replica,
                    group: plan.components, secret: secret,
                    sections: sections.filter { plan.components.contains($0.key) }, deadline: deadline,
                    reachable: plan.reachable, routed: plan.reachableRouted)))
    }

    /// The process of a replica exists.
    package mutating func spawned(_ replica: ReplicaID, processID: Int64) {
        withSlot(replica) { $0.processID = processID }
    }

    /// The weavelet listens for calls: it may start its components.
    package mutating func reported(_ replica: ReplicaID, _ info: WeaveletInfo, now: MonotonicTime) {
        guard let place = places[replica], case .starting = slot(place).state else { return }
        guard info.version == plan.version else {
            let reason = "the binary has changed since the deployment began: its replicas could not call each other"
            return failed(replica, reason: reason, now: now)
        }
        withSlot(replica) { $0.address = info.address }
        actions.append(.send(replica, .componentsToStart(groups[place.group].plan.components), awaitsReply: true))
    }

    /// The components of the replica have started: it takes calls from now on.
    package mutating func started(_ replica: ReplicaID, now: MonotonicTime) {
        guard let place = places[replica], case .starting = slot(place).state, phase == .running else { return }
        let firstCheck = now + limits.healthInterval
        withSlot(replica) {
            $0.state = .ready
            $0.readyAt = now
            $0.lastAnswer = now
            $0.nextHealthCheck = firstCheck
        }
        changedReplicas(ofGroup: place.group)
    }

    /// The replica has refused its setup or its start, or talks nonsense. It is killed if it does not end by itself.
    package mutating func failed(_ replica: ReplicaID, reason: String, now: MonotonicTime) {
        log(.error, reason, replica: replica)
        guard let place = places[replica], slot(place).teardown == nil else { return }
        withSlot(replica) { $0.state = .starting(until: now + .seconds(2)) }
        takeOut(place)
    }

    /// The replica ends by its own will.
    package mutating func leaving(_ replica: ReplicaID, completed: Bool) {
        guard let place = places[replica] else { return }
        if slot(place).teardown == nil { withSlot(replica) { $0.state = .leaving(completed: completed) } }
        takeOut(place)
    }

    /// The replica has answered, whatever it was.
    package mutating func answered(_ replica: ReplicaID, now: MonotonicTime) {
        guard let place = places[replica] else { return }
        withSlot(replica) { $0.lastAnswer = now }
        if slot(place).state == .suspended {
            withSlot(replica) { $0.state = .ready }
            log(.notice, "it answers again", replica: replica)
            changedReplicas(ofGroup: place.group)
        }
    }

    /// The process of the replica is gone.
    package mutating func exited(_ replica: ReplicaID, status: String, isSuccess: Bool, now: MonotonicTime) {
        guard let place = places.removeValue(forKey: replica) else { return }
        let slot = slot(place)
        let completed = slot.state == .leaving(completed: true)
        let readyFor = slot.readyAt.map { now - $0 }
        for component in subscribers.keys { subscribers[component]?.removeAll { $0 == replica } }
        groups[place.group].slots[place.slot].clearProcess()
        groups[place.group].slots[place.slot].lastExit = status
        groups[place.group].slots[place.slot].state = .finished
        changedReplicas(ofGroup: place.group)
        switch phase {
        case .stopping: return continueStopping(now: now)
        case .ended: return
        case .starting, .running: break
        }
        let name = "\(groups[place.group].plan.name) (\(replica.prefix(8)))"
        if completed, isSuccess {
            log(.info, "\(name) has completed")
        } else {
            restart(place, name: name, status: status, readyFor: readyFor, now: now)
        }
        endIfMainIsGone(now: now)
    }

    private mutating func restart(
        _ place: Place, name: String, status: String, readyFor: Duration?, now: MonotonicTime
    ) {
        let random = generator.next()
        let decision = groups[place.group].slots[place.slot].policy.died(readyFor: readyFor, now: now, random: random)
        switch decision {
        case .restart(let delay):
            groups[place.group].slots[place.slot].state = .waiting(until: now + delay)
            log(.warning, "\(name) ended with \(status); starting it again in \(delay.milliseconds) ms")
        case .giveUp(let reason):
            groups[place.group].slots[place.slot].state = .givenUp
            log(.error, "\(name) ended with \(status) and is given up: \(reason)")
        }
    }

    private mutating func endIfMainIsGone(now: MonotonicTime) {
        guard let main = plan.groupIndex(of: AppDescriptor.main) else { return }
        let states = groups[main].slots.map(\.state)
        guard states.allSatisfy({ $0 == .givenUp || $0 == .finished }) else { return }
        if !states.contains(.finished) {
            log(.error, "every replica of main is given up: the deployment ends")
            exitCode = 1
        }
        stop(now: now)
    }

    mutating func deadlinePassed(group: Int, slot: Int, now: MonotonicTime) {
        if groups[group].slots[slot].teardown != nil { return advanceTeardown(group: group, slot: slot, now: now) }
        let state = groups[group].slots[slot].state
        switch state {
        case .waiting:
            groups[group].slots[slot].restarts += 1
            spawn(group: group, slot: slot, now: now)
        case .starting:
            kill(group: group, slot: slot, reason: "it did not start in time and is killed")
        case .ready, .suspended:
            checkHealth(group: group, slot: slot, now: now)
        case .idle, .leaving, .killed, .givenUp, .finished:
            break
        }
    }

    private mutating func checkHealth(group: Int, slot: Int, now: MonotonicTime) {
        guard let replica = groups[group].slots[slot].replica else { return }
        // A check that comes late by itself says that we were stopped or starved, not that the replica is silent.
        if let due = groups[group].slots[slot].nextHealthCheck, now - due >= limits.healthInterval {
            groups[group].slots[slot].lastAnswer = now
        }
        let silence = now - groups[group].slots[slot].lastAnswer
        if silence >= limits.killAfter {
            return kill(
                group: group, slot: slot, reason: "it has not answered for \(silence.milliseconds) ms and is killed")
        }
        if silence >= limits.suspendAfter, groups[group].slots[slot].state == .ready {
            groups[group].slots[slot].state = .suspended
            log(.warning, "it has not answered for \(silence.milliseconds) ms and gets no more work", replica: replica)
            changedReplicas(ofGroup: group)
        }
        actions.append(.send(replica, .healthCheck, awaitsReply: true))
        groups[group].slots[slot].nextHealthCheck = now + limits.healthInterval
    }

    private mutating func kill(group: Int, slot: Int, reason: String) {
        guard let replica = groups[group].slots[slot].replica else { return }
        log(.error, reason, replica: replica)
        groups[group].slots[slot].state = .killed
        actions.append(.kill(replica, signal: Self.sigkill))
        changedReplicas(ofGroup: group)
    }

    /// No new work for the replica, from now on.
    private mutating func takeOut(_ place: Place) {
        changedReplicas(ofGroup: place.group)
    }

    func slot(_ place: Place) -> ReplicaSlot { groups[place.group].slots[place.slot] }

    mutating func withSlot(_ replica: ReplicaID, _ body: (inout ReplicaSlot) -> Void) {
        guard let place = places[replica] else { return }
        body(&groups[place.group].slots[place.slot])
    }
}

extension Duration {
    /// Whole milliseconds, for messages.
    var milliseconds: UInt64 { clampedNanoseconds / 1_000_000 }
}
