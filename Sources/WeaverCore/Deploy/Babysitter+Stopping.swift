// The end of a deployment, by the steps of Teardown.

extension Babysitter {
    /// The user, or the application itself, ends the deployment. Asked again, everything is killed at once.
    package mutating func stop(now: MonotonicTime) {
        switch phase {
        case .starting:
            end(code: 0, reason: nil)
        case .running:
            phase = .stopping(.main)
            abandonRestart()
            for name in listeners.keys.sorted() { actions.append(.drainProxy(listener: name)) }
            for group in groups.indices {
                for slot in groups[group].slots.indices where !groups[group].slots[slot].isAlive {
                    groups[group].slots[slot].state = .finished
                }
            }
            beginStage(.main, now: now)
        case .stopping:
            for (replica, _) in positions.sorted(by: { $0.key < $1.key }) {
                actions.append(.kill(replica, signal: Self.sigkill))
            }
        case .ended: break
        }
    }

    /// A replica has no call in flight any more.
    package mutating func drained(_ replica: ReplicaID, now: MonotonicTime) {
        guard let position = positions[replica], let progress = slot(position).teardown, progress.next > 0,
            groups[position.group].teardown.step(progress.next - 1).step == .drain
        else { return }
        advanceTeardown(group: position.group, slot: position.slot, now: now)
    }

    /// A listener's proxy has nothing on its way any more to a replica that has left it.
    package mutating func released(_ replica: ReplicaID, listener: String, now: MonotonicTime) {
        guard let position = positions[replica], var progress = slot(position).teardown,
            progress.unreleased.remove(listener) != nil
        else { return }
        withSlot(position) { $0.teardown = progress }
        guard progress.unreleased.isEmpty, progress.next > 0,
            groups[position.group].teardown.step(progress.next - 1).step == .release
        else { return }
        advanceTeardown(group: position.group, slot: position.slot, now: now)
    }

    private mutating func beginStage(_ stage: Teardown.Stage, now: MonotonicTime) {
        phase = .stopping(stage)
        let main = plan.groupIndex(of: AppDescriptor.main)
        for group in groups.indices where (group == main) == (stage == .main) {
            // What a rolling restart ends already goes on with that.
            for slot in groups[group].slots.indices
            where groups[group].slots[slot].isAlive && groups[group].slots[slot].teardown == nil {
                groups[group].slots[slot].state = .stopping
                groups[group].slots[slot].teardown = TeardownProgress(next: Teardown.firstOfStopped, deadline: now)
                advanceTeardown(group: group, slot: slot, now: now)
            }
        }
        continueStopping(now: now)
    }

    /// Goes to the next stage, or ends, when the stage's processes are gone.
    mutating func continueStopping(now: MonotonicTime) {
        guard case .stopping(let stage) = phase else { return }
        let main = plan.groupIndex(of: AppDescriptor.main)
        let alive = groups.indices.contains { group in
            (group == main) == (stage == .main) && groups[group].slots.contains(where: \.isAlive)
        }
        if alive { return }
        switch stage {
        case .main: beginStage(.others, now: now)
        case .others: end(code: exitCode, reason: nil)
        }
    }

    /// Performs the next step on one process.
    mutating func advanceTeardown(group: Int, slot: Int, now: MonotonicTime) {
        guard let replica = groups[group].slots[slot].replica, var progress = groups[group].slots[slot].teardown
        else { return }
        let timed = groups[group].teardown.step(progress.next)
        switch timed.step {
        case .release:
            let exported = groups[group].slots[slot].exported.sorted { $0.key < $1.key }
            progress.unreleased = Set(exported.map(\.key))
            for (listener, address) in exported {
                actions.append(.awaitRelease(replica, listener: listener, address))
            }
        case .drain: actions.append(.send(replica, .drain, awaitsReply: true))
        case .shutdown: actions.append(.send(replica, .shutdown, awaitsReply: false))
        case .terminate: actions.append(.kill(replica, signal: Self.sigterm))
        case .kill:
            log(.warning, "it did not end in time and is killed", replica: replica)
            actions.append(.kill(replica, signal: Self.sigkill))
        }
        progress.next += 1
        progress.deadline = now + timed.bound
        groups[group].slots[slot].teardown = progress
        if timed.step == .release, progress.unreleased.isEmpty { advanceTeardown(group: group, slot: slot, now: now) }
    }
}
