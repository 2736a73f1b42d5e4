/// What a deployment has measured, as its status socket tells it.
package struct MeasuredDeployment: Hashable, Sendable, Codable {
    /// The application's name.
    package var app: String
    /// The deployment's id, a UUID.
    package var deployment: String
    /// All series, of the application and of the runtime.
    package var metrics: [MetricSeries]

    package init(app: String, deployment: String, metrics: [MetricSeries]) {
        self.app = app
        self.deployment = deployment
        self.metrics = metrics
    }
}

/// What full buffers of replicas have lost.
package struct TelemetryLosses: Sendable {
    package var logEntries: UInt64 = 0
    package var spans: UInt64 = 0

    package init() {}

    /// As metrics, with the series that were `refused`.
    package func metrics(refused: UInt64) -> [MetricSeries] {
        [
            MetricSeries(MetricDefinition(.counter, RuntimeMetrics.logEntriesLost), .count(logEntries)),
            MetricSeries(MetricDefinition(.counter, RuntimeMetrics.spansLost), .count(spans)),
            MetricSeries(MetricDefinition(.counter, RuntimeMetrics.refused), .count(refused)),
        ]
    }
}
