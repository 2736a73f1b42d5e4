import FoundationEssentials
import WeaverCore
import WeaverRuntime

/// What `weaver multi metrics --json` prints. Its keys are a promise to scripts: they are only ever added to.
///
///     { "deployments": [ {
///         "app": "lemon", "deployment": "f74f7512-…",
///         "metrics": [
///             { "name": "weaver_calls", "kind": "counter", "labels": { "component": "Lemon.Categories", … }, "value": 120 },
///             { "name": "queue", "kind": "gauge", "labels": {}, "value": 7, "replicas": { "0c1d93aa": 3, "91c25e01": 4 } },
///             { "name": "weaver_http_latency", "kind": "timer", "labels": { "listener": "lemon" },
///               "count": 48120, "sum": 61.2, "p50": 0.0011, "p90": 0.0031, "p99": 0.0064 }
///         ]
///     } ] }
///
/// Kinds are `counter`, `total` (a counter with fractions), `gauge`, `recorder` and `timer`, whose values are seconds. A gauge's
/// value is the sum over its replicas. Quantiles are null before there was a value. What JSON has no number for is text:
/// "inf", "-inf", "nan".
struct MetricsDocument: Encodable, Sendable {
    var deployments: [Deployment]

    struct Deployment: Encodable, Sendable {
        var app: String
        var deployment: String
        var metrics: [Metric]
    }

    struct Metric: Encodable, Sendable {
        var series: MetricSeries

        private enum CodingKeys: CodingKey { case name, kind, labels, value, replicas, count, sum, p50, p90, p99 }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            let definition = series.definition
            try container.encode(definition.name, forKey: .name)
            try container.encode(definition.kind, forKey: .kind)
            try container.encode(
                Dictionary(definition.labels.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }),
                forKey: .labels)
            switch series.value {
            case .count(let count): try container.encode(count, forKey: .value)
            case .number(let number): try container.encode(number, forKey: .value)
            case .histogram(let histogram):
                try container.encode(histogram.count, forKey: .count)
                try container.encode(histogram.sum, forKey: .sum)
                try container.encode(histogram.value(at: 0.5), forKey: .p50)
                try container.encode(histogram.value(at: 0.9), forKey: .p90)
                try container.encode(histogram.value(at: 0.99), forKey: .p99)
            }
            let replicas = series.replicas.filter { !$0.key.isEmpty }
            if !replicas.isEmpty { try container.encode(replicas, forKey: .replicas) }
        }
    }

    /// The document of what deployments have answered.
    init(_ deployments: [MeasuredDeployment]) {
        self.deployments = deployments.map { deployment in
            Deployment(
                app: deployment.app, deployment: deployment.deployment,
                metrics: deployment.metrics.map(Metric.init))
        }
    }

    /// The document as JSON, ended by a newline.
    func json() throws -> String {
        let encoder = NumberJSON.encoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}
