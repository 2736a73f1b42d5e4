// The load of routed components: asked for, reported, merged.

extension Babysitter {
    /// A replica has reported what it has counted of one of its routed components since its last report. A report of
    /// something that the replica does not host is dropped.
    package mutating func loadReported(by replica: ReplicaID, _ report: LoadReport, now: MonotonicTime) {
        guard let position = positions[replica], plan.routed.contains(report.component),
            groups[position.group].plan.components.contains(report.component)
        else { return }
        reports[report.component, default: [:]][replica] = report
    }
}
