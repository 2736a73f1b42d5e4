// The life of replicas: starting, readiness, health, death.

extension Babysitter {
    /// The signal that nothing survives, the same number everywhere.
    static let sigkill: Int32 = 9
    static let sigterm: Int32 = 15

    mutating func startGroup(_ group: Int, now: MonotonicTime) {
        guard phase == .running, !groups[group].isStarted else { return }
        groups[group].isStarted = true
        groups[group].assignedBy = now + limits.firstAssignment
        if !plan.routed.isDisjoint(with: groups[group].plan.components) {
            groups[group].nextLoadRound = now + limits.loadInterval
        }
        for slot in groups[group].slots.indices { spawn(group: group, slot: slot, now: now) }
    }

    mutating func spawn(group: Int, slot: Int, now: MonotonicTime) {
        let replica = generator.uuid()
        let plan = groups[group].plan
        positions[replica] = SlotPosition(group: group, slot: slot)
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
        withSlot(replica) { slot in
            slot.processID = processID
            slot.processesStarted += 1
        }
    }

    /// No process could be started. A shortage of what the machine has to give is no fault of the replica: it is tried
    /// again, later and later, for as long as the deployment lives.
    package mutating func spawnFailed(_ replica: ReplicaID, reason: String, isShortage: Bool, now: MonotonicTime) {
        guard isShortage, phase == .running else {
            return exited(replica, status: reason, isSuccess: false, now: now)
        }
        guard let position = positions.removeValue(forKey: replica) else { return }
        let random = generator.next()
        var slot = slot(position)
        slot.clearProcess()
        slot.lastExit = reason
        let delay = slot.policy.couldNotStart(random: random)
        slot.state = .waiting(until: now + delay)
        groups[position.group].slots[position.slot] = slot
        let name = groups[position.group].plan.name
        log(.warning, "\(name) could not be started (\(reason)); trying again in \(delay.milliseconds) ms")
        changedReplicas(ofGroup: position.group)
    }

    /// The weavelet listens for calls: it may start its components.
    package mutating func reported(_ replica: ReplicaID, _ info: WeaveletInfo, now: MonotonicTime) {
        guard let position = positions[replica], case .starting = slot(position).state else { return }
        guard info.version == plan.version else {
            let isReplacement = isSpare(position.group, position.slot)
            let reason =
                "the binary has changed since the deployment began, its replicas could not call each other: "
                + "the new process is killed"
            kill(group: position.group, slot: position.slot, reason: reason)
            // Another attempt would be of the same binary.
            if isReplacement { failReplacement(reason: "the binary has changed since the deployment began", now: now) }
            return
        }
        withSlot(replica) { $0.address = info.address }
        actions.append(.send(replica, .componentsToStart(groups[position.group].plan.components), awaitsReply: true))
    }

    /// The components of the replica have started: it takes calls from now on.
    package mutating func started(_ replica: ReplicaID, now: MonotonicTime) {
        guard let position = positions[replica], case .starting = slot(position).state, phase == .running else {
            return
        }
        // The new process of a rolling restart has to show first that it is well.
        let firstCheck = isSpare(position.group, position.slot) ? now : now + limits.healthInterval
        withSlot(replica) {
            $0.state = .ready
            $0.readyAt = now
            $0.lastAnswer = now
            $0.hasPassedCheck = false
            $0.nextHealthCheck = firstCheck
        }
        changedReplicas(ofGroup: position.group)
    }

    /// The replica has refused its setup or its start, has closed its pipe, or talks nonsense. It is killed if it does not
    /// end by itself. Of a replica that ends anyway this says nothing new.
    package mutating func failed(_ replica: ReplicaID, reason: String, now: MonotonicTime) {
        guard let position = positions[replica], slot(position).isWanted else { return }
        log(.error, reason, replica: replica)
        let until = now + EndBounds.shutdown(components: groups[position.group].plan.components.count)
        withSlot(replica) { $0.state = .leaving(until: until) }
        changedReplicas(ofGroup: position.group)
    }

    /// The replica ends by its own will; because its main has returned when it has `completed`.
    package mutating func leaving(_ replica: ReplicaID, completed: Bool, now: MonotonicTime) {
        guard let position = positions[replica] else { return }
        let until = now + EndBounds.leaving(components: groups[position.group].plan.components.count)
        withSlot(replica) {
            if completed { $0.hasCompleted = true }
            if $0.isWanted { $0.state = .leaving(until: until) }
        }
        changedReplicas(ofGroup: position.group)
    }

    /// The replica has answered, whatever it was.
    package mutating func answered(_ replica: ReplicaID, now: MonotonicTime) {
        guard let position = positions[replica] else { return }
        withSlot(replica) { $0.lastAnswer = now }
        if slot(position).state == .suspended {
            withSlot(replica) { $0.state = .ready }
            log(.notice, "it answers again", replica: replica)
            changedReplicas(ofGroup: position.group)
        }
    }

    /// The replica has passed a health check.
    package mutating func passedCheck(_ replica: ReplicaID, now: MonotonicTime) {
        withSlot(replica) { if $0.state == .ready { $0.hasPassedCheck = true } }
        advanceRestart(now: now)
    }

    /// The process of the replica is gone.
    package mutating func exited(_ replica: ReplicaID, status: String, isSuccess: Bool, now: MonotonicTime) {
        guard phase != .ended, let position = positions.removeValue(forKey: replica) else { return }
        let old = slot(position)
        for component in subscribers.keys { subscribers[component]?.removeAll { $0 == replica } }
        loadAnswered(by: replica)
        withSlot(position) {
            $0.clearProcess()
            $0.lastExit = status
            $0.state = .finished
        }
        if phase == .running {
            let name = "\(groups[position.group].plan.name) (\(replica.prefix(8)))"
            // One that had completed and hung in its end was killed by us; it has completed all the same.
            if isSpare(position.group, position.slot), !isReplacing(position.group) {
                spareEnded(ofGroup: position.group, status: status)
            } else if old.hasCompleted, isSuccess || old.state == .killed {
                log(.info, "\(name) has completed")
            } else {
                restart(position, name: name, status: status, readyFor: old.readyAt.map { now - $0 }, now: now)
            }
        }
        changedReplicas(ofGroup: position.group)
        if case .stopping = phase { continueStopping(now: now) } else { endIfMainIsGone(now: now) }
        advanceRestart(now: now)
    }

    private mutating func restart(
        _ position: SlotPosition, name: String, status: String, readyFor: Duration?, now: MonotonicTime
    ) {
        let random = generator.next()
        var decision = RestartPolicy.Decision.restart(after: .zero)
        withSlot(position) { decision = $0.policy.died(readyFor: readyFor, now: now, random: random) }
        switch decision {
        case .restart(let delay):
            withSlot(position) { $0.state = .waiting(until: now + delay) }
            log(.warning, "\(name) ended with \(status); starting it again in \(delay.milliseconds) ms")
        case .giveUp(let reason):
            withSlot(position) { $0.state = .givenUp }
            log(.error, "\(name) ended with \(status) and is given up: \(reason)")
        }
    }

    mutating func endIfMainIsGone(now: MonotonicTime) {
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
            spawn(group: group, slot: slot, now: now)
        case .starting:
            kill(group: group, slot: slot, reason: "it did not start in time and is killed")
        case .leaving:
            kill(group: group, slot: slot, reason: "it did not end by itself in time and is killed")
        case .ready, .suspended:
            checkHealth(group: group, slot: slot, now: now)
        case .idle, .retiring, .stopping, .killed, .givenUp, .finished:
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
            for (listener, address) in groups[group].slots[slot].exported.sorted(by: { $0.key < $1.key }) {
                actions.append(.fellSilent(listener: listener, address))
            }
        }
        actions.append(.send(replica, .healthCheck, awaitsReply: true))
        groups[group].slots[slot].nextHealthCheck = now + limits.healthInterval
    }

    mutating func kill(group: Int, slot: Int, reason: String) {
        guard let replica = groups[group].slots[slot].replica else { return }
        log(.error, reason, replica: replica)
        groups[group].slots[slot].state = .killed
        actions.append(.kill(replica, signal: Self.sigkill))
        changedReplicas(ofGroup: group)
    }

    func slot(_ position: SlotPosition) -> ReplicaSlot { groups[position.group].slots[position.slot] }

    mutating func withSlot(_ position: SlotPosition, _ body: (inout ReplicaSlot) -> Void) {
        body(&groups[position.group].slots[position.slot])
    }

    mutating func withSlot(_ replica: ReplicaID, _ body: (inout ReplicaSlot) -> Void) {
        if let position = positions[replica] { withSlot(position, body) }
    }
}

extension Duration {
    /// Whole milliseconds, for messages.
    var milliseconds: UInt64 { clampedNanoseconds / 1_000_000 }
}
