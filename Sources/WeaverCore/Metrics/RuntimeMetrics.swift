/// The metrics that the runtime measures by itself.
package enum RuntimeMetrics {
    /// Component calls that were made, by component, method, and whether they went to another process.
    package static let calls = "weaver_calls"
    /// Those among them that have thrown.
    package static let callErrors = "weaver_call_errors"
    /// How long those took that were timed: one in 64.
    package static let callLatency = "weaver_call_latency"
    /// Series that were refused: see ``MetricLimits``.
    package static let refused = "weaver_metrics_refused"
    /// Log entries that full buffers of replicas have lost.
    package static let logEntriesLost = "weaver_log_entries_lost"
    /// Spans that full buffers have lost.
    package static let spansLost = "weaver_spans_lost"

    /// The labels of a call's metrics.
    package static let component = "component"
    package static let method = "method"
    package static let remote = "remote"

    /// The labels of the calls of a method.
    package static func labels(component: String, method: String, isRemote: Bool) -> [MetricLabel] {
        [MetricLabel(self.component, component), MetricLabel(self.method, method), MetricLabel(remote, "\(isRemote)")]
    }
}

extension ProxyStatus {
    /// What the proxy has done, as metrics: of its listener, and of each backend by its address.
    package var metrics: [MetricSeries] {
        let listener = [MetricLabel("listener", listener)]
        var series = traffic.metrics("weaver_http", listener)
        series.append(.ofDeployer("weaver_http_connections", listener, connections))
        series.append(.ofDeployer("weaver_http_waiting", listener, waiting))
        for backend in backends {
            let labels = listener + [MetricLabel("backend", backend.address)]
            series += backend.traffic.metrics("weaver_backend", labels)
            series.append(.ofDeployer("weaver_backend_tunnels", labels, backend.tunnels))
        }
        return series
    }
}

extension ProxyStatus.Traffic {
    fileprivate func metrics(_ prefix: String, _ labels: [MetricLabel]) -> [MetricSeries] {
        [
            MetricSeries(MetricDefinition(.counter, "\(prefix)_requests", labels), .count(requests)),
            MetricSeries(MetricDefinition(.counter, "\(prefix)_failures", labels), .count(failures)),
            MetricSeries(MetricDefinition(.timer, "\(prefix)_latency", labels), .histogram(latencies)),
            .ofDeployer("\(prefix)_in_flight", labels, inFlight),
        ]
    }
}

extension MetricSeries {
    /// A gauge of the deployer, which is no replica.
    fileprivate static func ofDeployer(_ name: String, _ labels: [MetricLabel], _ value: Int) -> MetricSeries {
        MetricSeries(
            MetricDefinition(.gauge, name, labels), .number(Double(value)), replicas: ["": Double(value)])
    }
}
