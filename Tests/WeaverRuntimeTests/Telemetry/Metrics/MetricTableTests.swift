import CoreMetrics
import Testing
import WeaverCore

@testable import WeaverRuntime

@Suite struct MetricTableTests {
    private let table = MetricTable()
    private var factory: WeaverMetricsFactory { WeaverMetricsFactory(table) }

    /// What is reported, by name.
    private func report() -> [String: MetricValue] {
        names.merge(table.takeReport())
    }

    /// The names of the series that were defined.
    private let names = Names()

    private final class Names {
        private var known: [UInt32: String] = [:]
        var refused: UInt64 = 0
        var removed: [UInt32] = []

        func merge(_ report: MetricReport?) -> [String: MetricValue] {
            guard let report else { return [:] }
            refused += report.refused
            removed += report.removed
            for new in report.definitions { known[new.id] = "\(new.definition.kind) \(new.definition.name)" }
            return Dictionary(uniqueKeysWithValues: report.changes.map { (known[$0.id] ?? "?", $0.value) })
        }
    }

    @Test func `every kind of metric is reported, and then only what has changed`() {
        let counter = factory.makeCounter(label: "counter", dimensions: [])
        let total = factory.makeFloatingPointCounter(label: "total", dimensions: [])
        let meter = factory.makeMeter(label: "meter", dimensions: [])
        let gauge = factory.makeRecorder(label: "gauge", dimensions: [], aggregate: false)
        let recorder = factory.makeRecorder(label: "recorder", dimensions: [], aggregate: true)
        let timer = factory.makeTimer(label: "timer", dimensions: [])
        counter.increment(by: 3)
        counter.increment(by: 4)
        total.increment(by: 0.5)
        meter.set(Int64(7))
        meter.increment(by: 1.5)
        meter.decrement(by: 0.5)
        gauge.record(2.5)
        recorder.record(Int64(10))
        timer.recordNanoseconds(1_500_000_000)
        let first = report()
        #expect(first["counter counter"] == .count(7))
        #expect(first["total total"] == .number(0.5))
        #expect(first["gauge meter"] == .number(8))
        #expect(first["gauge gauge"] == .number(2.5))
        for (name, value) in [("recorder recorder", 10.0), ("timer timer", 1.5)] {
            guard case .histogram(let histogram) = first[name] else { return #expect(Bool(false), "\(name)") }
            #expect(histogram.count == 1 && histogram.sum == value)
        }
        #expect(table.takeReport() == nil)
        counter.increment(by: 1)
        #expect(report() == ["counter counter": .count(1)])
        meter.set(0.25)
        #expect(report() == ["gauge meter": .number(0.25)])
    }

    @Test func `what only grows takes nothing that would make it less`() {
        let counter = factory.makeCounter(label: "counter", dimensions: [])
        counter.increment(by: -1)
        counter.increment(by: .max)
        let total = factory.makeFloatingPointCounter(label: "total", dimensions: [])
        for amount in [-1, .nan, .infinity, 2] { total.increment(by: amount) }
        let timer = factory.makeTimer(label: "timer", dimensions: [])
        timer.recordNanoseconds(.min)
        let values = report()
        #expect(values["counter counter"] == .count(UInt64(Int64.max)))
        #expect(values["total total"] == .number(2))
        guard case .histogram(let histogram) = values["timer timer"] else { return #expect(Bool(false)) }
        #expect(histogram.sum == 0)
    }

    @Test func `one name and one set of labels is one series, in whatever order they come`() {
        let first = factory.makeCounter(label: "c", dimensions: [("a", "1"), ("b", "2")])
        let second = factory.makeCounter(label: "c", dimensions: [("b", "2"), ("a", "1")])
        #expect(first === second)
        #expect(first !== factory.makeCounter(label: "c", dimensions: [("a", "1")]))
    }

    @Test func `the series past the limit measures nothing and is counted, and a destroyed one makes room`() {
        let all = (0..<MetricLimits.series).map { factory.makeCounter(label: "c\($0)", dimensions: []) }
        let over = factory.makeTimer(label: "over", dimensions: [])
        over.recordNanoseconds(1)
        #expect(report() == [:])
        #expect(names.refused == 1)
        for counter in all { counter.increment(by: 1) }
        #expect(report().count == MetricLimits.series)
        factory.destroyCounter(all[5])
        let next = factory.makeTimer(label: "next", dimensions: [])
        next.recordNanoseconds(1)
        #expect(Array(report().keys) == ["timer next"])
        #expect(names.removed == [5])
        #expect(names.refused == 1)
        // What has been destroyed and not reported never was.
        factory.destroyTimer(next)
        factory.destroyTimer(factory.makeTimer(label: "brief", dimensions: []))
        _ = report()
        #expect(names.removed == [5, UInt32(MetricLimits.series)])
    }

    @Test func `a name or label that is too long is refused`() {
        let label = String(repeating: "v", count: MetricLimits.labelValueBytes)
        factory.makeCounter(label: "c", dimensions: [("l", label)]).increment(by: 1)
        factory.makeCounter(label: "c", dimensions: [("l", label + "v")]).increment(by: 1)
        #expect(report() == ["counter c": .count(1)])
        #expect(names.refused == 1)
    }

    @Test func `counts from many threads are all there`() async {
        let counter = factory.makeCounter(label: "c", dimensions: [])
        let recorder = factory.makeRecorder(label: "r", dimensions: [], aggregate: true)
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        counter.increment(by: 1)
                        recorder.record(Int64(1))
                    }
                }
            }
        }
        let values = report()
        #expect(values["counter c"] == .count(8000))
        guard case .histogram(let histogram) = values["recorder r"] else { return #expect(Bool(false)) }
        #expect(histogram.count == 8000)
    }
}
