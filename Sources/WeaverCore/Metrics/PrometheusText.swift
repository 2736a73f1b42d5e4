/// Writes metrics in the text format 0.0.4 of Prometheus (prometheus.io/docs/instrumenting/exposition_formats).
///
/// Names get `_` for each character that the format does not allow, counters end with `_total` and timers with `_seconds`.
/// A gauge has one series for each replica; all else is the sum over the replicas. A label that the application calls as one of ours, or
/// as another of its own in this format, gets `exported_` in front: a scraper refuses everything where a name comes twice. Of a histogram the powers of two are
/// bounds: for timers from 2^-20 s (1 µs) to 2^6 s (64 s), for recorders those around the values of all series of the name.
package struct PrometheusText: Sendable {
    /// The bounds of timers, as exponents of two.
    package static let timerExponents = -20...6

    /// Series of one metric, with the labels that are put in front of their own.
    private struct Family {
        /// The metric, as the application calls it.
        var metric: String
        var kind: MetricKind
        var series: [(labels: [MetricLabel], series: MetricSeries)] = []
    }

    private var families: [String: Family] = [:]

    /// Nothing to write.
    package init() {}

    /// Adds `series`, each with `labels` besides its own.
    package mutating func add(_ series: [MetricSeries], labels: [MetricLabel] = []) {
        for one in series {
            let family = Family(metric: one.definition.name, kind: one.definition.kind)
            families[familyName(of: one.definition), default: family].series.append((labels, one))
        }
    }

    /// Two metrics whose names differ in what the format does not allow, or whose kinds differ, must not meet.
    private func familyName(of definition: MetricDefinition) -> String {
        func isTaken(_ name: String) -> Bool {
            families[name].map { $0.metric != definition.name || $0.kind != definition.kind } ?? false
        }
        var name = Self.name(of: definition)
        if isTaken(name) { name += "_\(definition.kind)" }
        while isTaken(name) { name += "_" }
        return name
    }

    /// The text.
    package var text: String {
        families.sorted { $0.key < $1.key }.map { name, family in
            "# TYPE \(name) \(Self.type(of: family.kind))\n" + lines(name, family)
        }.joined()
    }

    private func lines(_ name: String, _ family: Family) -> String {
        let exponents = Self.exponents(of: family)
        var text = ""
        for (labels, series) in family.series {
            switch series.value {
            case .count(let count): text += Self.line(name, Self.labels(labels, of: series), "\(count)")
            case .number(let number) where series.definition.kind == .total:
                text += Self.line(name, Self.labels(labels, of: series), Self.number(number))
            case .number:
                for (replica, value) in series.replicas.sorted(by: { $0.key < $1.key }) {
                    let replicaLabel = replica.isEmpty ? [] : [MetricLabel("replica", replica)]
                    text += Self.line(name, Self.labels(labels, of: series, replicaLabel), Self.number(value))
                }
            case .histogram(let histogram):
                let labels = Self.labels(labels, of: series, reserving: "le")
                for exponent in exponents {
                    let bound = Double(sign: .plus, exponent: exponent, significand: 1)
                    text += Self.line(
                        name + "_bucket", labels + [MetricLabel("le", Self.number(bound))],
                        "\(histogram.count(upToPower: exponent))")
                }
                text += Self.line(name + "_bucket", labels + [MetricLabel("le", "+Inf")], "\(histogram.count)")
                text += Self.line(name + "_sum", labels, Self.number(histogram.sum))
                text += Self.line(name + "_count", labels, "\(histogram.count)")
            }
        }
        return text
    }

    /// The same for all series of a name: who adds them up adds those of equal bounds.
    private static func exponents(of family: Family) -> [Int] {
        var range: ClosedRange<Int>?
        for (_, series) in family.series {
            guard case .histogram(let histogram) = series.value else { continue }
            if series.definition.kind == .timer { return Array(timerExponents) }
            guard let own = histogram.octaves else { continue }
            range = range.map { min($0.lowerBound, own.lowerBound)...max($0.upperBound, own.upperBound) } ?? own
        }
        return range.map(Array.init) ?? []
    }

    // MARK: Parts

    private static func type(of kind: MetricKind) -> String {
        switch kind {
        case .counter, .total: "counter"
        case .gauge: "gauge"
        case .recorder, .timer: "histogram"
        }
    }

    private static func name(of definition: MetricDefinition) -> String {
        let name = allowed(definition.name)
        switch definition.kind {
        case .counter, .total: return name.hasSuffix("_total") ? name : name + "_total"
        case .timer: return name.hasSuffix("_seconds") ? name : name + "_seconds"
        case .gauge, .recorder: return name
        }
    }

    /// `text` with `_` for what is no letter, digit or underscore of ASCII, and in front of a digit.
    private static func allowed(_ text: String) -> String {
        let name = String(
            text.unicodeScalars.map { scalar -> Character in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", "_": Character(scalar)
                default: "_"
                }
            })
        return name.first?.isNumber == false ? name : "_" + name
    }

    /// The labels of a line, by names that differ: `first`, those of `series`, and `last`. None of the series gets the name
    /// `reserved`.
    private static func labels(
        _ first: [MetricLabel], of series: MetricSeries, _ last: [MetricLabel] = [], reserving reserved: String = ""
    ) -> [MetricLabel] {
        var names = Set((first + last).map(\.name) + [reserved])
        let own = series.definition.labels.map { label in
            var name = allowed(label.name)
            while !names.insert(name).inserted { name = "exported_" + name }
            return MetricLabel(name, label.value)
        }
        return first + own + last
    }

    private static func line(_ name: String, _ labels: [MetricLabel], _ value: String) -> String {
        guard !labels.isEmpty else { return "\(name) \(value)\n" }
        let pairs = labels.map { "\(allowed($0.name))=\"\(escaped($0.value))\"" }
        return "\(name){\(pairs.joined(separator: ","))} \(value)\n"
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }
}

extension PrometheusText {
    /// The metrics of `deployments`, each with the labels `app` and `deployment`.
    package init(of deployments: [MeasuredDeployment]) {
        self.init()
        for deployment in deployments {
            add(
                deployment.metrics,
                labels: [MetricLabel("app", deployment.app), MetricLabel("deployment", deployment.deployment)])
        }
    }
}
