internal import Synchronization
internal import WeaverCore

/// What a process that has no deployer has measured, summed by itself.
final class OwnMetrics: Sendable {
    private let table: MetricTable
    private let metrics = Mutex(DeploymentMetrics())

    init(_ table: MetricTable) { self.table = table }

    /// All of it until now, as that of `replica`.
    func measured(by replica: ReplicaInfo) -> MeasuredDeployment {
        let series = metrics.withLock { metrics in
            // Its own reports make sense.
            if let report = table.takeReport() { _ = metrics.merge(report, of: replica.replica) }
            return metrics.all + TelemetryLosses().metrics(refused: metrics.refused)
        }
        return MeasuredDeployment(app: replica.application, deployment: replica.deployment, metrics: series)
    }
}
