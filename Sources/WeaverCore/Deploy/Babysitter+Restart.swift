// The rolling restart: one replica after another is replaced by a new process, which serves before the old one drains.
//
// While a replica is replaced its group has one slot more, the spare. The new process starts there, by the ordinary rules
// of starting, health and death. When it has settled, the two slots change places, so that the new one owns the keys of the
// old one; what is in the spare then is told to end, and the slot goes with it.

extension Babysitter {
    /// Begins to replace all replicas, or those of the group of `component`, a full name. Gives why not, or nil.
    package mutating func restart(component: String?, now: MonotonicTime) -> String? {
        switch phase {
        case .starting: return "the deployment is being started"
        case .stopping, .ended: return "the deployment is being stopped"
        case .running: break
        }
        if let restart {
            return "another restart is under way: \(restart.replaced) of \(restart.total) replicas are replaced"
        }
        if let component, plan.groupIndex(of: component) == nil { return "there is no component \(component)" }
        let wanted = component.flatMap { plan.groupIndex(of: $0) }.map { $0...$0 } ?? 0...(groups.count - 1)
        let queue = wanted.flatMap { group in
            groups[group].slots.indices.filter { groups[group].slots[$0].isReplaceable && !isSpare(group, $0) }
                .map { SlotPosition(group: group, slot: $0) }
        }
        guard !queue.isEmpty else {
            return "there is nothing to restart: no process of \(component ?? "the deployment") has been started"
        }
        // One that was replaced before and has not ended yet is in the way of the next.
        if queue.contains(where: { groups[$0.group].spare != nil }) {
            return "a process of the last restart has not ended yet"
        }
        restart = RollingRestart(queue, began: now, firstUntil: now + limits.replacement)
        tell(
            .underWay,
            queue.count == 1 ? "restarting 1 replica" : "restarting \(queue.count) replicas, one after another")
        beginReplacement(now: now)
        return nil
    }

    /// The new process of a replica has been alive and well for long enough.
    private func isSettled(_ slot: ReplicaSlot, now: MonotonicTime) -> Bool {
        guard let settledAt = settledAt(slot) else { return false }
        return settledAt <= now
    }

    /// When it will have settled: it takes work, has passed a health check since, and a death then would count as no
    /// failure.
    private func settledAt(_ slot: ReplicaSlot) -> MonotonicTime? {
        guard slot.state == .ready, slot.hasPassedCheck, let readyAt = slot.readyAt else { return nil }
        return readyAt + limits.restart.stableAfter
    }

    /// When ``advanceRestart(now:)`` has to be called, at the latest.
    var restartDeadline: MonotonicTime? {
        guard phase == .running, let restart, case .starting(let until) = restart.stage,
            let group = restart.current?.group
        else { return nil }
        return groups[group].spare.flatMap { settledAt($0) }.map { min($0, until) } ?? until
    }

    /// Whether the slot is the group's spare.
    func isSpare(_ group: Int, _ slot: Int) -> Bool { slot >= groups[group].plan.replicas }

    /// Whether the spare of the group is where the next process of a replica comes up.
    func isReplacing(_ group: Int) -> Bool {
        guard let restart, restart.current?.group == group, case .starting = restart.stage else { return false }
        return true
    }

    private mutating func beginReplacement(now: MonotonicTime) {
        // One that has completed meanwhile has no successor.
        while let position = restart?.current, !slot(position).isReplaceable { restart?.queue.removeFirst() }
        guard let position = restart?.current else { return endRestart(now: now) }
        restart?.stage = .starting(until: now + limits.replacement)
        let group = position.group
        groups[group].slots.append(ReplicaSlot(policy: RestartPolicy(limits: limits.restart)))
        let old = slot(position).processID.map { "process \($0)" } ?? "what is not running"
        tell(.underWay, "\(placeName(position)): starting a new process, to replace \(old)")
        spawn(group: group, slot: groups[group].slots.count - 1, now: now)
    }

    /// `Lemon.Products 1 of 2`.
    private func placeName(_ position: SlotPosition) -> String {
        let plan = groups[position.group].plan
        return "\(plan.name) \(position.slot + 1) of \(plan.replicas)"
    }

    /// Goes on with the restart as far as that is possible at `now`.
    mutating func advanceRestart(now: MonotonicTime) {
        guard phase == .running, let restart, let position = restart.current else { return }
        let spare = groups[position.group].spare
        switch restart.stage {
        case .starting(let until):
            guard let spare else { return }
            if isSettled(spare, now: now) {
                takeOver(position, now: now)
            } else if spare.state == .givenUp {
                failRestart("the new process of \(placeName(position)) fails (\(spare.lastExit ?? "?"))", now: now)
            } else if spare.state == .finished {
                failRestart("main has completed in the new process of \(placeName(position))", now: now)
            } else if until <= now {
                failRestart(
                    "the new process of \(placeName(position)) did not get ready within \(limits.replacement)"
                        + (spare.lastExit.map { " (the last one: \($0))" } ?? ""), now: now)
            }
        case .retiring where spare == nil:
            self.restart?.queue.removeFirst()
            beginReplacement(now: now)
        case .retiring: break
        }
    }

    private mutating func endRestart(now: MonotonicTime) {
        guard let ended = restart else { return }
        restart = nil
        let replicas = ended.total == 1 ? "1 replica" : "\(ended.total) replicas"
        tell(.done, "restarted \(replicas) in \((now - ended.began).milliseconds) ms")
    }

    /// The new process takes the place of the old one, which ends.
    private mutating func takeOver(_ position: SlotPosition, now: MonotonicTime) {
        let group = position.group
        let spare = groups[group].slots.count - 1
        groups[group].slots.swapAt(position.slot, spare)
        for slot in [position.slot, spare] {
            if let replica = groups[group].slots[slot].replica {
                positions[replica] = SlotPosition(group: group, slot: slot)
            }
        }
        restart?.stage = .retiring
        let new = "process \(slot(position).processID ?? 0) is ready"
        let old = groups[group].slots[spare].processID.map { "; process \($0) finishes what it has, and ends" } ?? ""
        tell(.underWay, "\(placeName(position)): \(new)\(old)")
        retireSpare(ofGroup: group, now: now)
        advanceRestart(now: now)
    }

    /// What is in the spare slot ends, in order; the slot goes with it. Callers and proxies are told before the process is.
    private mutating func retireSpare(ofGroup group: Int, now: MonotonicTime) {
        let spare = groups[group].slots.count - 1
        guard groups[group].slots[spare].isAlive else {
            groups[group].slots.removeLast()
            return changedReplicas(ofGroup: group)
        }
        groups[group].slots[spare].state = .retiring
        groups[group].slots[spare].teardown = TeardownProgress(next: Teardown.firstOfReplaced, deadline: now)
        changedReplicas(ofGroup: group)
        advanceTeardown(group: group, slot: spare, now: now)
    }

    /// The process of the spare is gone, and none comes after it.
    mutating func spareEnded(ofGroup group: Int, status: String) {
        groups[group].slots.removeLast()
        guard let position = restart?.current, position.group == group else { return }
        tell(.underWay, "\(placeName(position)): the old process has ended with \(status)")
    }

    /// The new process cannot join, whatever is tried.
    mutating func failReplacement(reason: String, now: MonotonicTime) {
        guard let position = restart?.current else { return }
        failRestart("the new process of \(placeName(position)) cannot join: \(reason)", now: now)
    }

    private mutating func failRestart(_ reason: String, now: MonotonicTime) {
        guard let ended = restart, let group = ended.current?.group else { return }
        restart = nil
        tell(
            .failed,
            "\(reason); \(ended.replaced) of \(ended.total) replicas are replaced, and the old ones serve on")
        guard let spare = groups[group].spare else { return }
        if case .starting = spare.state {
            kill(group: group, slot: groups[group].slots.count - 1, reason: "it is killed, the restart has ended")
        } else if !spare.isAlive || spare.isWanted {
            retireSpare(ofGroup: group, now: now)
        }
        endIfMainIsGone(now: now)
    }

    /// The deployment ends, and with it the restart; what it has started ends with the rest.
    mutating func abandonRestart() {
        guard let ended = restart else { return }
        restart = nil
        tell(.failed, "the deployment is being stopped; \(ended.replaced) of \(ended.total) replicas were replaced")
    }

    private mutating func tell(_ outcome: RestartProgress.Outcome, _ text: String) {
        log(outcome == .failed ? .error : .info, outcome == .failed ? "the restart has ended: \(text)" : text)
        actions.append(.restart(RestartProgress(outcome, text)))
    }
}

extension Babysitter.GroupState {
    /// The slots that the plan names.
    var members: ArraySlice<ReplicaSlot> { slots.prefix(plan.replicas) }
    /// The slot more that there is while a replica is replaced.
    var spare: ReplicaSlot? { slots.count > plan.replicas ? slots.last : nil }
}
