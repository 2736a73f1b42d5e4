import WeaverCore

/// The tables of `weaver multi metrics`: component calls, values, and what is in histograms.
struct MetricTables: Sendable {
    private let deployments: [MeasuredDeployment]

    /// The tables of these deployments.
    init(_ deployments: [MeasuredDeployment]) {
        self.deployments = deployments.sorted { ($0.app, $0.deployment) < ($1.app, $1.deployment) }
    }

    /// The tables as text; one sentence when there is no deployment.
    func rendered(style: TextStyle) -> String {
        if deployments.isEmpty { return "no deployment is running\n" }
        return [callTable, valueTable, histogramTable].filter { !$0.rows.isEmpty }.map { $0.rendered(style: style) }
            .joined()
    }

    private func rows(_ make: (MeasuredDeployment) -> [[String]]) -> [[String]] {
        deployments.flatMap { deployment in
            make(deployment).map {
                [deployment.app, String(deployment.deployment.prefix(StatusTables.shortIDLength))] + $0
            }
        }
    }

    // MARK: Calls

    private static let callMetrics = [RuntimeMetrics.calls, RuntimeMetrics.callErrors, RuntimeMetrics.callLatency]

    private var callTable: Table {
        Table(
            title: "CALLS",
            columns: ["APP", "DEPLOYMENT", "COMPONENT", "METHOD", "WHERE", "CALLS", "ERRORS", "MEAN", "P50", "P99"],
            rows: rows(Self.calls))
    }

    /// A row for each method that was called.
    private static func calls(of deployment: MeasuredDeployment) -> [[String]] {
        let series = Dictionary(
            deployment.metrics.map { ($0.definition, $0.value) }, uniquingKeysWith: { first, _ in first })
        return deployment.metrics.compactMap { one in
            guard one.definition.name == RuntimeMetrics.calls, case .count(let calls) = one.value, calls > 0 else {
                return nil
            }
            let labels = one.definition.labels
            let errors = series[MetricDefinition(.counter, RuntimeMetrics.callErrors, labels)]
            let latency = series[MetricDefinition(.timer, RuntimeMetrics.callLatency, labels)]
            let label = { name in labels.first { $0.name == name }?.value ?? "" }
            return [
                label(RuntimeMetrics.component), label(RuntimeMetrics.method),
                label(RuntimeMetrics.remote) == "true" ? "remote" : "local", "\(calls)",
                errors.map { Self.text($0) } ?? "0",
            ] + Self.quantiles(latency, [nil, 0.5, 0.99], Latency.text)
        }
    }

    // MARK: All others

    private var valueTable: Table {
        Table(
            title: "METRICS", columns: ["APP", "DEPLOYMENT", "METRIC", "LABELS", "VALUE", "REPLICAS"],
            rows: rows { deployment in
                deployment.metrics.filter { !Self.callMetrics.contains($0.definition.name) }.compactMap { series in
                    if case .histogram = series.value { return nil }
                    return Self.names(series) + [Self.text(series.value), Self.replicas(of: series)]
                }
            })
    }

    private var histogramTable: Table {
        Table(
            title: "HISTOGRAMS",
            columns: ["APP", "DEPLOYMENT", "METRIC", "LABELS", "COUNT", "MEAN", "P50", "P90", "P99"],
            rows: rows { deployment in
                deployment.metrics.filter { !Self.callMetrics.contains($0.definition.name) }.compactMap { series in
                    guard case .histogram(let histogram) = series.value else { return nil }
                    let text = series.definition.kind == .timer ? Latency.text : Self.number
                    return Self.names(series) + ["\(histogram.count)"]
                        + Self.quantiles(series.value, [nil, 0.5, 0.9, 0.99], text)
                }
            })
    }

    private static func names(_ series: MetricSeries) -> [String] {
        let labels = series.definition.labels.map { "\($0.name)=\($0.value)" }
        return [series.definition.name, labels.isEmpty ? "-" : labels.joined(separator: " ")]
    }

    /// The range of a gauge over its replicas, where there are several.
    private static func replicas(of series: MetricSeries) -> String {
        let values = series.replicas.filter { !$0.key.isEmpty }.values
        guard let least = values.min(), let greatest = values.max() else { return "-" }
        return values.count == 1 ? "1" : "\(values.count): \(number(least)) to \(number(greatest))"
    }

    // MARK: Cells

    private static func text(_ value: MetricValue) -> String {
        switch value {
        case .count(let count): "\(count)"
        case .number(let value): number(value)
        case .histogram(let histogram): "\(histogram.count)"
        }
    }

    /// The quantiles of a histogram, nil for its mean; dashes where there is nothing.
    private static func quantiles(
        _ value: MetricValue?, _ quantiles: [Double?], _ text: (Double) -> String
    ) -> [String] {
        guard case .histogram(let histogram) = value else { return quantiles.map { _ in "-" } }
        return quantiles.map { quantile in
            (quantile.map { histogram.value(at: $0) } ?? histogram.mean).map(text) ?? "-"
        }
    }

    /// At most three digits behind the point.
    static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return "\(whole)" }
        guard abs(value) < 1e12, abs(value) >= 0.001 else { return "\(value)" }
        return "\((value * 1000).rounded() / 1000)"
    }
}
