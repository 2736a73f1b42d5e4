// The load of routed components: asked for, reported, and what slices are moved by.

extension Babysitter {
    /// Someone who waits for fresh reports.
    struct LoadCollection: Sendable {
        let id: UInt64
        /// The replicas that have not answered yet.
        var awaited: Set<ReplicaID>
        let until: MonotonicTime
    }

    /// When ``askForLoadIfDue(now:)`` has something to do.
    var nextLoadDeadline: MonotonicTime? {
        let rounds = phase == .running ? groups.lazy.compactMap(\.nextLoadRound).min() : nil
        return [rounds, collections.lazy.map(\.until).min()].compactMap { $0 }.min()
    }

    /// Asks the groups whose time has come, and ends collections that have waited long enough.
    mutating func askForLoadIfDue(now: MonotonicTime) {
        for group in groups.indices where phase == .running {
            guard let due = groups[group].nextLoadRound, due <= now else { continue }
            groups[group].nextLoadRound = now + limits.loadInterval
            _ = askForLoad(ofGroup: group)
        }
        endCollections { $0.until <= now }
    }

    /// Asks all replicas that host routed components for their load now. The action ``Action/loadCollected(_:)`` with the
    /// number that this gives says that they have answered, or that ``Limits/loadAnswer`` has passed.
    package mutating func collectLoad(now: MonotonicTime) -> UInt64 {
        lastCollection += 1
        var awaited: Set<ReplicaID> = []
        for group in groups.indices where phase == .running && groups[group].nextLoadRound != nil {
            awaited.formUnion(askForLoad(ofGroup: group))
        }
        collections.append(LoadCollection(id: lastCollection, awaited: awaited, until: now + limits.loadAnswer))
        endCollections { $0.awaited.isEmpty }
        return lastCollection
    }

    /// The replicas that were asked.
    private mutating func askForLoad(ofGroup group: Int) -> [ReplicaID] {
        let replicas = groups[group].slots.filter(\.takesWork).compactMap(\.replica)
        for replica in replicas { actions.append(.send(replica, .reportLoad, awaitsReply: true)) }
        return replicas
    }

    /// A replica has answered with what it has counted of its routed components since its last answer, which may be nothing.
    package mutating func loadReported(by replica: ReplicaID, _ reports: [LoadReport], now: MonotonicTime) {
        loadAnswered(by: replica)
        for report in reports { take(report, of: replica) }
    }

    /// A report of something that the replica does not host, or that is not assigned yet, is dropped. With the last replica's
    /// report the slices are moved, if they have to.
    private mutating func take(_ report: LoadReport, of replica: ReplicaID) {
        let component = report.component
        guard phase == .running, let group = positions[replica]?.group,
            groups[group].plan.components.contains(component)
        else { return }
        assigners[component]?.reported(by: replica, report)
        guard let round = assigners[component]?.round() else { return }
        if round.movedKeys > 0 {
            log(
                .debug,
                "\(component): \(Percent(round.movedKeys)) of the key space has another owner: the busiest replica had "
                    + "\(Percent(round.imbalanceBefore)) of the mean load, and now has \(Percent(round.imbalanceAfter))"
            )
        }
        announce(component, ofGroup: group)
    }

    /// Nobody waits for the replica's reports any more: they are there, or will not come.
    mutating func loadAnswered(by replica: ReplicaID) {
        for index in collections.indices { collections[index].awaited.remove(replica) }
        endCollections { $0.awaited.isEmpty }
    }

    private mutating func endCollections(where hasEnded: (LoadCollection) -> Bool) {
        for collection in collections where hasEnded(collection) { actions.append(.loadCollected(collection.id)) }
        collections.removeAll(where: hasEnded)
    }
}
