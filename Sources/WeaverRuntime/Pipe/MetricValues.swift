internal import SwiftProtobuf
internal import WeaverCore
internal import WeaverProtocol

extension PBMetricReport {
    init(_ report: MetricReport) {
        self.init()
        definitions = report.definitions.map { new in
            .with {
                $0.id = new.id
                $0.kind = Kind(new.definition.kind)
                $0.name = new.definition.name
                $0.labels = new.definition.labels.map { label in
                    .with {
                        $0.name = label.name
                        $0.value = label.value
                    }
                }
            }
        }
        changes = report.changes.map(Change.init)
        removed = report.removed
        refused = report.refused
    }

    /// What makes sense by itself, and why the first of the rest does not. Whether numbers and kinds fit is seen by
    /// ``DeploymentMetrics``.
    func value() -> WeaveletMessage {
        var report = MetricReport()
        var problem: String?
        for new in definitions {
            guard let kind = new.kind.value else {
                problem = problem ?? "a metric of an unknown kind"
                continue
            }
            let labels = new.labels.map { MetricLabel($0.name, $0.value) }
            report.definitions.append(.init(id: new.id, MetricDefinition(kind, new.name, labels)))
        }
        for change in changes {
            do throws(PipeDecodingError) {
                report.changes.append(.init(id: change.id, try change.metricValue()))
            } catch {
                problem = problem ?? error.description
            }
        }
        report.removed = removed
        report.refused = refused
        return .metrics(report, problem: problem)
    }
}

extension PBMetricReport.Change {
    init(_ change: MetricReport.Change) {
        self.init()
        id = change.id
        switch change.value {
        case .count(let value): count = value
        case .number(let value): number = value
        case .histogram(let value):
            let buckets = value.buckets
            histogram = .with {
                $0.buckets = buckets.map { UInt32($0.index) }
                $0.counts = buckets.map(\.count)
                $0.sum = value.sum
            }
        }
    }

    func metricValue() throws(PipeDecodingError) -> MetricValue {
        switch value {
        case .count(let value): return .count(value)
        case .number(let value): return .number(value)
        case .histogram(let wire):
            guard wire.buckets.count == wire.counts.count,
                let histogram = Histogram(
                    buckets: zip(wire.buckets, wire.counts).map { .init(index: Int($0), count: $1) }, sum: wire.sum)
            else { throw PipeDecodingError(description: "buckets that no histogram has") }
            return .histogram(histogram)
        case nil: throw PipeDecodingError(description: "a metric without a value")
        }
    }
}

extension PBMetricReport.Kind {
    init(_ kind: MetricKind) {
        self =
            switch kind {
            case .counter: .counter
            case .total: .total
            case .gauge: .gauge
            case .recorder: .recorder
            case .timer: .timer
            }
    }

    var value: MetricKind? {
        switch self {
        case .counter: .counter
        case .total: .total
        case .gauge: .gauge
        case .recorder: .recorder
        case .timer: .timer
        case .unspecified, .UNRECOGNIZED: nil
        }
    }
}
