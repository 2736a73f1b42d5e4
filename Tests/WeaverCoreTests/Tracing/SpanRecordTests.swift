import Testing

@testable import WeaverCore

@Suite struct SpanRecordTests {
    private func span() -> SpanRecord {
        SpanRecord(
            context: TraceContext(traceID: 0xab, spanID: 0xcd, flags: 1), parent: 0, name: "get", kind: .server,
            start: 5)
    }

    @Test func `what is within its limits is not cut`() {
        var record = span()
        record.attributes = (0..<SpanRecord.maximumAttributes).map { .init("a\($0)", .integer(1)) }
        record.events = (0..<SpanRecord.maximumEvents).map { .init(name: "e\($0)", time: 1) }
        record.links = (0..<SpanRecord.maximumEvents).map { _ in .init(record.context) }
        record.name = String(repeating: "n", count: SpanRecord.maximumTextLength)
        #expect(record.cut() == record)
    }

    @Test func `one more than the limit is left out, and counted`() {
        var record = span()
        record.attributes = (0...SpanRecord.maximumAttributes).map { .init("a\($0)", .bool(true)) }
        record.events = (0...SpanRecord.maximumEvents).map { .init(name: "e\($0)", time: 1) }
        record.links = (0...SpanRecord.maximumEvents).map { _ in .init(record.context) }
        record.name = String(repeating: "n", count: SpanRecord.maximumTextLength + 1)
        record.attributes[0].value = .list(.init(repeating: .integer(1), count: SpanRecord.maximumListCount + 1))
        let cut = record.cut()
        #expect(cut.leftOut == 3)
        #expect(cut.attributes.count == SpanRecord.maximumAttributes)
        #expect(cut.events.count == SpanRecord.maximumEvents && cut.links.count == SpanRecord.maximumEvents)
        #expect(cut.name.utf8.count <= SpanRecord.maximumTextLength && cut.name.hasSuffix("bytes)"))
        #expect(cut.attributes[0].value == .list(.init(repeating: .integer(1), count: SpanRecord.maximumListCount)))
    }

    @Test func `a span of many long texts is cut to its size, the earliest attributes kept`() {
        var record = span()
        let text = SpanRecord.Value.string(String(repeating: "x", count: SpanRecord.maximumTextLength))
        record.attributes = (0..<40).map { .init("a\($0)", text) }
        record.events = [.init(name: "e", time: 1, attributes: [.init("a", text)])]
        let cut = record.cut()
        #expect(cut.size <= SpanRecord.maximumSize)
        #expect(cut.events.isEmpty && cut.attributes.first?.name == "a0")
        #expect(cut.leftOut == UInt64(40 - cut.attributes.count + 1))
    }

    @Test func `a sampler takes the first of each second, and none at rate 0`() {
        var sampler = RootSampler(rate: 2)
        let start = MonotonicTime(nanoseconds: 10_000_000_000)
        let taken = [0, 1, 2, 999, 1000, 1001, 1002].map { sampler.take(now: start + .milliseconds($0)) }
        #expect(taken == [true, true, false, false, true, true, false])
        var none = RootSampler(rate: 0)
        let isTaken = none.take(now: start)
        #expect(!isTaken)
    }
}
