/// What kind of thing a metric measures, and how values of several processes become one.
package enum MetricKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// A number of events, which only grows. Added.
    case counter
    /// A total that only grows and may have fractions. Added.
    case total
    /// A value that goes up and down. Kept for each process.
    case gauge
    /// Values of any unit, in a ``Histogram``. Added.
    case recorder
    /// Durations, in a ``Histogram`` of seconds. Added.
    case timer
}

/// A name and a value that tell series of one metric apart.
package struct MetricLabel: Hashable, Sendable, Codable, Comparable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    package static func < (first: MetricLabel, second: MetricLabel) -> Bool {
        (first.name, first.value) < (second.name, second.value)
    }
}

/// Which series something is: kind, name and labels.
package struct MetricDefinition: Hashable, Sendable, Codable {
    package var kind: MetricKind
    package var name: String
    /// Sorted, so that their order makes no difference.
    package let labels: [MetricLabel]

    package init(_ kind: MetricKind, _ name: String, _ labels: [MetricLabel] = []) {
        self.kind = kind
        self.name = name
        self.labels = labels.sorted()
    }

    /// Whether it is within ``MetricLimits``.
    package var isWithinLimits: Bool {
        !name.isEmpty && name.utf8.count <= MetricLimits.nameBytes && labels.count <= MetricLimits.labels
            && labels.allSatisfy {
                !$0.name.isEmpty && $0.name.utf8.count <= MetricLimits.nameBytes
                    && $0.value.utf8.count <= MetricLimits.labelValueBytes
            }
    }
}

/// A value of a series, or what was added to it.
package enum MetricValue: Hashable, Sendable, Codable {
    case count(UInt64)
    case number(Double)
    case histogram(Histogram)

    /// Whether a series of `kind` has such values.
    package func isOf(_ kind: MetricKind) -> Bool {
        switch (self, kind) {
        case (.count, .counter), (.number, .total), (.number, .gauge), (.histogram, .recorder), (.histogram, .timer):
            true
        default: false
        }
    }
}

/// What one process has measured since its last report: of a gauge its value, of all others what is to be added.
package struct MetricReport: Equatable, Sendable {
    /// A series that is new, under the number that its values come with.
    package struct Definition: Equatable, Sendable {
        package var id: UInt32
        package var definition: MetricDefinition

        package init(id: UInt32, _ definition: MetricDefinition) {
            self.id = id
            self.definition = definition
        }
    }

    /// What has changed.
    package struct Change: Equatable, Sendable {
        package var id: UInt32
        package var value: MetricValue

        package init(id: UInt32, _ value: MetricValue) {
            self.id = id
            self.value = value
        }
    }

    package var definitions: [Definition] = []
    package var changes: [Change] = []
    /// Series that are no more.
    package var removed: [UInt32] = []
    /// How often a series was refused because there were too many.
    package var refused: UInt64 = 0

    /// Nothing.
    package init() {}

    /// Whether there is nothing to report.
    package var isEmpty: Bool { definitions.isEmpty && changes.isEmpty && removed.isEmpty && refused == 0 }
}

/// One series of a deployment, as it is shown.
package struct MetricSeries: Hashable, Sendable, Codable {
    package var definition: MetricDefinition
    /// The sum over all processes, those that have ended included; of a gauge, the sum over those that are there.
    package var value: MetricValue
    /// A gauge's value in each process, by the replica's short id; empty for other kinds.
    package var replicas: [String: Double]

    package init(_ definition: MetricDefinition, _ value: MetricValue, replicas: [String: Double] = [:]) {
        self.definition = definition
        self.value = value
        self.replicas = replicas
    }
}

/// The bounds of metrics.
package enum MetricLimits {
    /// How many series one process has at most. What is more counts nothing, and is counted itself.
    package static let series = 1024
    /// How many series a deployment has at most.
    package static let deploymentSeries = 8192
    /// How long the names of a metric and of a label are at most, in bytes.
    package static let nameBytes = 255
    /// How many labels a series has at most.
    package static let labels = 16
    /// How long a label's value is at most, in bytes.
    package static let labelValueBytes = 255
    /// How often a process reports what has changed.
    package static let interval = Duration.seconds(1)
}
