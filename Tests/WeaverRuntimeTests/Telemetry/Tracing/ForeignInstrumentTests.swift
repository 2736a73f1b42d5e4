import Synchronization
import TestTracer
import Testing
import Tracing
import WeaverCore

@testable import WeaverRuntime

/// A program that has bootstrapped a tracer of another library.
@Suite struct ForeignInstrumentTests {
    private static let trace = String(repeating: "a", count: 32)
    private let place = TestTracer.Place(
        trace: trace, span: String(repeating: "b", count: 16), state: "v=1", tenant: "acme")
    private let own = TraceContext(traceID: 5, spanID: 6, flags: 1)

    /// An instrument that is no tracer, and has a field of its own.
    private struct Labels: Instrument {
        static let field = "x-label"
        enum Key: ServiceContextKey { typealias Value = String }

        func extract<Carrier, Extract: Extractor>(
            _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
        ) where Extract.Carrier == Carrier { context[Key.self] = extractor.extract(key: Self.field, from: carrier) }

        func inject<Carrier, Inject: Injector>(
            _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
        ) where Inject.Carrier == Carrier {
            if let label = context[Key.self] { injector.inject(label, forKey: Self.field, into: &carrier) }
        }
    }

    private func injected(_ other: ForeignInstrument, from context: CallContext = CallContext()) -> CallContext {
        var context = context
        other.inject(into: &context)
        return context
    }

    @Test func `only what is not the runtime's is foreign`() throws {
        let tracer = WeaverTracer()
        #expect(ForeignInstrument(tracer, tracer: tracer) == nil)
        #expect(ForeignInstrument(NoOpTracer(), tracer: NoOpTracer()) == nil)
        #expect(ForeignInstrument(TestTracer(), tracer: TestTracer())?.makesSpans == true)
        #expect(ForeignInstrument(Labels(), tracer: NoOpTracer())?.makesSpans == false)
        #expect(ForeignInstrument(MultiplexInstrument([tracer, Labels()]), tracer: tracer)?.makesSpans == false)
        #expect(withTracer(TestTracer()) { ForeignInstrument.bootstrapped?.makesSpans } == true)
    }

    @Test func `a foreign tracer's trace travels as the call's, and its fields beside it`() throws {
        let other = try #require(ForeignInstrument(TestTracer(), tracer: TestTracer()))
        ServiceContext.withValue(TestTracer.context(place)) {
            // What the task's call has come with is older.
            var stale = CallContext(metadata: ["k": "v"], trace: own)
            stale.fields = ["x-tenant": "stale", "gone": "1"]
            let call = injected(other, from: stale)
            #expect(call.trace?.traceText == Self.trace && call.trace?.state == "v=1")
            #expect(call.fields == ["x-tenant": "acme"] && call.metadata == ["k": "v"])
            #expect(TestTracer.place(in: other.serviceContext(of: call)) == place)
            #expect(other.trace == call.trace)
        }
        // Outside of its spans a call's trace is passed on.
        #expect(injected(other, from: CallContext(trace: own)).trace == own)
        #expect(injected(other).hasNoExtras)
    }

    @Test func `beside the runtime's own tracer the trace is that one's`() throws {
        let tracer = WeaverTracer()
        let both = MultiplexInstrument([tracer, Labels(), TestTracer()])
        let other = try #require(ForeignInstrument(both, tracer: tracer))
        var context = TestTracer.context(place)
        context[Labels.Key.self] = "red"
        ServiceContext.withValue(context) {
            let call = injected(other, from: CallContext(trace: own))
            #expect(call.trace == own && call.fields == ["x-tenant": "acme", "x-label": "red"])
            #expect(other.serviceContext(of: call)[Labels.Key.self] == "red")
            #expect(other.trace == nil)
            // Without one of the runtime's it is what there is.
            #expect(injected(other).trace?.traceText == Self.trace)
        }
    }

    @Test func `where a foreign tracer makes the spans, the runtime makes none and stays out of their fields`() throws {
        let spans = Mutex(0)
        let tracer = WeaverTracer()
        tracer.record(tracesPerSecond: 100) { _ in spans.withLock { $0 += 1 } }
        tracer.stand(beside: try #require(ForeignInstrument(TestTracer(), tracer: TestTracer())))
        #expect(tracer.root("a", .server) == nil && tracer.child(of: own, "b", .client) == nil)
        // Nor when the deployer asks for spans after that.
        tracer.record(tracesPerSecond: 100) { _ in spans.withLock { $0 += 1 } }
        #expect(tracer.child(of: own, "b", .client) == nil && spans.withLock { $0 } == 0)
        // As part of a multiplex it would overwrite what the other has injected.
        let both = try #require(ForeignInstrument(MultiplexInstrument([TestTracer(), tracer]), tracer: TestTracer()))
        let call = CallContext(trace: own)
        CallContext.with(call) {
            ServiceContext.withValue(TestTracer.context(place)) {
                #expect(injected(both, from: call).trace?.traceText == Self.trace)
            }
        }
        var context = ServiceContext.topLevel
        #expect(CurrentTrace.context == nil)
        context = both.serviceContext(of: call)
        #expect(context[TraceKey.self] == nil && TestTracer.place(in: context) != nil)
    }

    /// A tracer that logs while it injects: the log asks for the trace, which asks the tracer.
    private struct Talkative: Instrument {
        let log: @Sendable () -> Void

        func extract<Carrier, Extract: Extractor>(
            _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
        ) where Extract.Carrier == Carrier {}

        func inject<Carrier, Inject: Injector>(
            _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
        ) where Inject.Carrier == Carrier {
            log()
            TestTracer().inject(context, into: &carrier, using: injector)
        }
    }

    @Test func `a tracer that logs while it injects is not asked again for that`() throws {
        let depth = Mutex(0)
        let itself = Mutex<ForeignInstrument?>(nil)
        let talkative = Talkative {
            // Without an end it would be one of the stack.
            if depth.withLock({
                $0 += 1; return $0
            }) < 100 {
                _ = itself.withLock { $0 }?.trace
            }
        }
        let other = try #require(ForeignInstrument(talkative, tracer: TestTracer()))
        itself.withLock { $0 = other }
        ServiceContext.withValue(TestTracer.context(place)) {
            #expect(other.trace?.traceText == Self.trace)
            #expect(injected(other).trace?.traceText == Self.trace)
        }
        #expect(depth.withLock { $0 } == 2)
    }

    @Test func `a local call that is traced keeps what else the task's context has`() async throws {
        let tracer = WeaverTracer()
        tracer.record(tracesPerSecond: 100) { _ in }
        let recorder = CallRecorder(TillService.implementationRecord.component, tracer: tracer)
        var context = ServiceContext.topLevel
        context[Labels.Key.self] = "red"
        ServiceContext.withValue(context) {
            CallContext.with(CallContext(trace: own)) {
                #expect(recorder.localSpan(0)?.context[Labels.Key.self] == "red")
            }
        }
    }
}
