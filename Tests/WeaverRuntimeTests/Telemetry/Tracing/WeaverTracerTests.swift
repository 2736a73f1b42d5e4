import Synchronization
import Testing
import Tracing
import WeaverCore

@testable import WeaverRuntime

@Suite struct WeaverTracerTests {
    private let tracer = WeaverTracer()
    private let spans = Spans()

    private final class Spans: Sendable {
        let all = Mutex<[SpanRecord]>([])
    }

    private func record(tracesPerSecond rate: Int) {
        tracer.record(tracesPerSecond: rate) { [spans] span in spans.all.withLock { $0.append(span) } }
    }

    private var recorded: [SpanRecord] { spans.all.withLock { $0 } }

    @Test func `spans within each other are of one trace, and end the inner one first`() async {
        record(tracesPerSecond: 1)
        await tracer.withSpan("outer", ofKind: .consumer) { outer in
            await tracer.withSpan("inner") { inner in
                await Task.yield()
                #expect(inner.trace.traceID == outer.trace.traceID)
                #expect(CurrentTrace.context == inner.trace)
                #expect(tracer.activeSpan(identifiedBy: ServiceContext.current ?? .topLevel) === inner)
            }
        }
        #expect(recorded.map(\.name) == ["inner", "outer"])
        #expect(recorded[0].parent == recorded[1].context.spanID && recorded[1].parent == 0)
        #expect(recorded[1].kind == .consumer)
        #expect(recorded[0].context.spanID != recorded[1].context.spanID)
    }

    @Test func `traces past the rate are not recorded, and have ids all the same`() {
        record(tracesPerSecond: 1)
        let traces = (0..<3).map { number in
            tracer.withSpan("\(number)") { span in
                #expect(span.isRecording == (number == 0))
                span.attributes["lost"] = number
                return span.trace
            }
        }
        #expect(recorded.map(\.name) == ["0"])
        #expect(Set(traces.map(\.traceID)).count == 3)
        #expect(traces.map(\.isSampled) == [true, false, false])
    }

    @Test func `nothing is recorded until somebody takes it, and nothing afterwards`() {
        tracer.withSpan("before") { _ in }
        record(tracesPerSecond: 10)
        tracer.stopRecording()
        tracer.withSpan("after") { span in #expect(!span.trace.isSampled) }
        #expect(recorded.isEmpty)
    }

    @Test(arguments: [UInt8(0), 1])
    func `what a caller has decided is kept to, at any rate`(flags: UInt8) {
        record(tracesPerSecond: flags == 0 ? 100 : 0)
        let caller = TraceContext(traceID: 5, spanID: 6, flags: flags, state: "a=1")
        CallContext.with(CallContext(trace: caller)) {
            tracer.withSpan("span") { span in
                #expect(span.trace.traceID == 5 && span.trace.state == "a=1" && span.trace.flags == flags)
            }
        }
        #expect(recorded.map(\.parent) == (flags == 0 ? [] : [6]))
    }

    @Test func `what is said of a span is in its record`() {
        record(tracesPerSecond: 1)
        struct Broken: Error {}
        #expect(throws: Broken.self) {
            try tracer.withSpan("first") { span in
                span.operationName = "renamed"
                span.attributes["text"] = "a"
                span.attributes["numbers"] = [Int64(1), 2]
                span.attributes["shown"] = SpanAttribute.stringConvertible(7)
                span.addEvent(SpanEvent(name: "cached", attributes: ["hit": true]))
                span.addLink(SpanLink(context: span.context, attributes: [:]))
                throw Broken()
            }
        }
        let span = recorded[0]
        #expect(span.name == "renamed")
        #expect(
            span.attributes == [
                .init("numbers", .list([.integer(1), .integer(2)])), .init("shown", .string("7")),
                .init("text", .string("a")),
            ])
        #expect(span.events.map(\.name) == ["cached", "exception"])
        #expect(span.events[0].attributes == [.init("hit", .bool(true))])
        #expect(span.links.map(\.context.spanID) == [span.context.spanID])
    }

    @Test func `a span ends once, and not before it has begun`() {
        record(tracesPerSecond: 1)
        let span = tracer.startSpan("span")
        span.setStatus(SpanStatus(code: .error, message: "it broke"))
        span.end(nanoseconds: 5)
        span.setStatus(SpanStatus(code: .ok))
        span.end()
        #expect(recorded.count == 1)
        #expect(recorded[0].status == .error("it broke") && recorded[0].end == recorded[0].start)
    }

    @Test func `events and links past the limit are counted`() {
        record(tracesPerSecond: 1)
        tracer.withSpan("span") { span in
            for _ in 0...SpanRecord.maximumEvents {
                span.addEvent("e")
                span.addLink(SpanLink(context: span.context, attributes: [:]))
            }
        }
        #expect(recorded[0].events.count == SpanRecord.maximumEvents)
        #expect(recorded[0].links.count == SpanRecord.maximumEvents)
        #expect(recorded[0].leftOut == 2)
    }

    // MARK: Other protocols

    private struct Fields: Extractor, Injector {
        func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
        func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
    }

    @Test func `what is extracted is what is injected`() {
        let carrier = [
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "tracestate": "a=1",
        ]
        var context = ServiceContext.topLevel
        tracer.extract(carrier, into: &context, using: Fields())
        var injected: [String: String] = [:]
        tracer.inject(context, into: &injected, using: Fields())
        #expect(injected == carrier)
    }

    @Test func `a call's trace is injected where there is no span, and without a trace nothing is`() {
        var context = ServiceContext.topLevel
        tracer.extract(["traceparent": "nonsense", "tracestate": "a=1"], into: &context, using: Fields())
        var injected: [String: String] = [:]
        tracer.inject(context, into: &injected, using: Fields())
        #expect(injected == [:])
        CallContext.with(CallContext(trace: TraceContext(traceID: 1, spanID: 2, flags: 0))) {
            tracer.inject(.topLevel, into: &injected, using: Fields())
        }
        #expect(injected == ["traceparent": "00-00000000000000000000000000000001-0000000000000002-00"])
    }
}
