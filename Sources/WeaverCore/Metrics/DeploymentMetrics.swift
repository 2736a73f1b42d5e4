/// What all processes of a deployment have measured: their reports, merged as they come.
///
/// What was counted stays when a process ends, so that sums never go back; its gauges go with it. Reports come from other
/// processes and are checked; memory is bounded by ``MetricLimits``.
package struct DeploymentMetrics: Sendable {
    private enum Merged: Sendable {
        case sum(MetricValue)
        case gauge([String: Double])
    }

    private var series: [MetricDefinition: Merged] = [:]
    /// What the numbers in each replica's reports mean.
    private var known: [String: [UInt32: MetricDefinition]] = [:]
    /// How many series found no room, here or in their process.
    package private(set) var refused: UInt64 = 0

    /// Nothing measured.
    package init() {}

    /// Merges a report of `replica`. Gives why some of it makes no sense, if so: that part is left out.
    package mutating func merge(_ report: MetricReport, of replica: String) -> String? {
        refused &+= report.refused
        var problem: String?
        for new in report.definitions {
            let found = define(new.definition, as: new.id, of: replica)
            problem = problem ?? found
        }
        for change in report.changes {
            let found = apply(change, of: replica)
            problem = problem ?? found
        }
        for id in report.removed {
            guard let definition = known[replica]?.removeValue(forKey: id) else { continue }
            dropGauge(definition, of: replica)
        }
        return problem
    }

    /// `replica` has ended.
    package mutating func forget(_ replica: String) {
        guard let definitions = known.removeValue(forKey: replica) else { return }
        for definition in definitions.values { dropGauge(definition, of: replica) }
    }

    /// All series, by name and labels.
    package var all: [MetricSeries] {
        series.compactMap { definition, merged in
            switch merged {
            case .sum(let value): MetricSeries(definition, value)
            case .gauge(let values) where values.isEmpty: nil
            case .gauge(let values):
                MetricSeries(definition, .number(values.values.reduce(0, +)), replicas: Self.shortened(values))
            }
        }.sorted { $0.definition < $1.definition }
    }

    // MARK: Merging

    private mutating func define(_ definition: MetricDefinition, as id: UInt32, of replica: String) -> String? {
        guard definition.isWithinLimits else { return "a metric's name or labels are too long" }
        guard known[replica, default: [:]].count < MetricLimits.series else { return "it has too many metrics" }
        guard known[replica, default: [:]].updateValue(definition, forKey: id) == nil else {
            return "two metrics have the number \(id)"
        }
        if index(of: definition) == nil { refused &+= 1 }
        return nil
    }

    /// Where a series is, which is made where there is room for it.
    private mutating func index(of definition: MetricDefinition) -> Dictionary<MetricDefinition, Merged>.Index? {
        if let index = series.index(forKey: definition) { return index }
        guard series.count < MetricLimits.deploymentSeries else { return nil }
        series[definition] = Self.zero(of: definition.kind)
        return series.index(forKey: definition)
    }

    private mutating func apply(_ change: MetricReport.Change, of replica: String) -> String? {
        guard let definition = known[replica]?[change.id], change.value.isOf(definition.kind) else {
            return "a value of no metric that it has, or of another kind"
        }
        guard let index = index(of: definition) else { return nil }
        switch (series.values[index], change.value) {
        case (.gauge(var values), .number(let number)):
            values[replica] = number
            series.values[index] = .gauge(values)
        case (.sum(.count(let old)), .count(let number)):
            series.values[index] = .sum(.count(old &+ number))
        case (.sum(.number(let old)), .number(let number)):
            guard number.isFinite else { return "a total that is no number" }
            series.values[index] = .sum(.number(old + number))
        case (.sum(.histogram(var histogram)), .histogram(let more)):
            histogram.merge(more)
            series.values[index] = .sum(.histogram(histogram))
        default: preconditionFailure("a series has another kind than its definition")
        }
        return nil
    }

    private mutating func dropGauge(_ definition: MetricDefinition, of replica: String) {
        guard case .gauge(var values) = series[definition] else { return }
        values[replica] = nil
        series[definition] = values.isEmpty ? nil : .gauge(values)
    }

    private static func zero(of kind: MetricKind) -> Merged {
        switch kind {
        case .counter: .sum(.count(0))
        case .total: .sum(.number(0))
        case .gauge: .gauge([:])
        case .recorder, .timer: .sum(.histogram(Histogram()))
        }
    }

    /// Ids that are the same when they are shortened are as good as impossible; then one value is shown.
    private static func shortened(_ values: [String: Double]) -> [String: Double] {
        Dictionary(values.map { (String($0.prefix(LogPrinter.replicaWidth)), $1) }, uniquingKeysWith: { $1 })
    }
}

extension MetricDefinition: Comparable {
    package static func < (first: MetricDefinition, second: MetricDefinition) -> Bool {
        if first.name != second.name { return first.name < second.name }
        if first.labels != second.labels { return first.labels.lexicographicallyPrecedes(second.labels) }
        return first.kind.rawValue < second.kind.rawValue
    }
}
