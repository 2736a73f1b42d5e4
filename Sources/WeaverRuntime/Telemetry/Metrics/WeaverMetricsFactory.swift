package import CoreMetrics
internal import WeaverCore

/// swift-metrics' way to a ``MetricTable``. A metric that finds no room measures nothing; the application does not notice.
package struct WeaverMetricsFactory: MetricsFactory {
    private let table: MetricTable

    /// A factory of metrics in `table`.
    package init(_ table: MetricTable) { self.table = table }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        table.cell(Self.definition(.counter, label, dimensions), CounterCell.init) ?? RefusedMetric.shared
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        table.cell(Self.definition(.total, label, dimensions), TotalCell.init) ?? RefusedMetric.shared
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        table.cell(Self.definition(.gauge, label, dimensions), GaugeCell.init) ?? RefusedMetric.shared
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        if aggregate {
            return table.cell(Self.definition(.recorder, label, dimensions), HistogramCell.init) ?? RefusedMetric.shared
        }
        return table.cell(Self.definition(.gauge, label, dimensions), GaugeCell.init) ?? RefusedMetric.shared
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        table.cell(Self.definition(.timer, label, dimensions), HistogramCell.init) ?? RefusedMetric.shared
    }

    package func destroyCounter(_ handler: any CounterHandler) { table.remove(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { table.remove(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { table.remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { table.remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { table.remove(handler) }

    private static func definition(
        _ kind: MetricKind, _ label: String, _ dimensions: [(String, String)]
    ) -> MetricDefinition {
        MetricDefinition(kind, label, dimensions.map { MetricLabel($0, $1) })
    }
}
