internal import CoreMetrics
internal import Synchronization
package import WeaverCore

/// A number of events. Costs an atomic addition.
package final class CounterCell: MetricCell, CounterHandler {
    private let pending = Atomic<UInt64>(0)

    package init() {}

    /// A negative amount is none: a counter only grows.
    package func increment(by amount: Int64) {
        guard amount > 0 else { return }
        pending.wrappingAdd(UInt64(amount), ordering: .relaxed)
    }

    /// Forgets what has not been reported: the sum over all processes does not go back.
    package func reset() { pending.store(0, ordering: .relaxed) }

    package func take() -> MetricValue? {
        let value = pending.exchange(0, ordering: .relaxed)
        return value > 0 ? .count(value) : nil
    }
}

/// A total that may have fractions.
package final class TotalCell: MetricCell, FloatingPointCounterHandler {
    private let pending = Mutex(0.0)

    package init() {}

    /// What is negative or no number is no amount: a total only grows.
    package func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        pending.withLock { $0 += amount }
    }

    /// Forgets what has not been reported: the sum over all processes does not go back.
    package func reset() { pending.withLock { $0 = 0 } }

    package func take() -> MetricValue? {
        pending.withLock { pending in
            defer { pending = 0 }
            return pending > 0 ? .number(pending) : nil
        }
    }
}

/// A value that goes up and down: a meter, or a recorder that does not aggregate.
package final class GaugeCell: MetricCell, MeterHandler, RecorderHandler {
    private struct State {
        var value = 0.0
        var isChanged = false
    }

    private let state = Mutex(State())

    package init() {}

    package func set(_ value: Double) {
        state.withLock { state in
            guard value != state.value || !state.isChanged else { return }
            state = State(value: value, isChanged: true)
        }
    }

    package func set(_ value: Int64) { set(Double(value)) }
    package func increment(by amount: Double) {
        state.withLock { $0 = State(value: $0.value + amount, isChanged: true) }
    }
    package func decrement(by amount: Double) { increment(by: -amount) }
    package func record(_ value: Double) { set(value) }
    package func record(_ value: Int64) { set(Double(value)) }

    package func take() -> MetricValue? {
        state.withLock { state in
            defer { state.isChanged = false }
            return state.isChanged ? .number(state.value) : nil
        }
    }
}

/// Values or durations in a histogram.
package final class HistogramCell: MetricCell, RecorderHandler, TimerHandler {
    private let pending = Mutex(Histogram())

    package init() {}

    package func record(_ value: Double) { pending.withLock { $0.record(value) } }
    package func record(_ value: Int64) { record(Double(value)) }
    /// A negative duration counts as none.
    package func recordNanoseconds(_ duration: Int64) {
        pending.withLock { $0.record(nanoseconds: UInt64(max(0, duration))) }
    }

    package func take() -> MetricValue? {
        pending.withLock { pending in
            guard pending.count > 0 else { return nil }
            defer { pending = Histogram() }
            return .histogram(pending)
        }
    }
}

/// Calls or errors of a method, which are counted where the call is made.
final class MethodCountCell: MetricCell {
    private let count: @Sendable () -> UInt64
    private let reported = Mutex<UInt64>(0)

    /// A cell of what `count` gives, which only grows.
    init(_ count: @escaping @Sendable () -> UInt64) { self.count = count }

    func take() -> MetricValue? {
        reported.withLock { reported in
            let now = count()
            defer { reported = now }
            return now > reported ? .count(now - reported) : nil
        }
    }
}

/// Latencies of a method, which are recorded where the call is made.
final class MethodLatencyCell: MetricCell {
    private let counters: MethodCounters
    private let method: Int

    init(counters: MethodCounters, method: Int) {
        self.counters = counters
        self.method = method
    }

    func take() -> MetricValue? { counters.takeLatencies(of: method).map(MetricValue.histogram) }
}

/// What measures where there is no room for a series: nothing.
final class RefusedMetric: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    static let shared = RefusedMetric()

    func increment(by amount: Int64) {}
    func increment(by amount: Double) {}
    func decrement(by amount: Double) {}
    func reset() {}
    func set(_ value: Int64) {}
    func set(_ value: Double) {}
    func record(_ value: Int64) {}
    func record(_ value: Double) {}
    func recordNanoseconds(_ duration: Int64) {}
}
