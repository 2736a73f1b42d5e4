internal import Synchronization
package import Tracing
package import WeaverCore
internal import WeaverLoop

/// swift-distributed-tracing's way to the deployer: makes spans, and passes on those of recorded traces when they end.
///
/// A trace is recorded when its caller says so, or when it begins here and ``RootSampler`` takes it. Until somebody takes spans
/// (``record(tracesPerSecond:to:)``) none is; ids are passed on all the same, as W3C Trace Context has them. May be used from
/// any thread.
package final class WeaverTracer: Tracer {
    package typealias Span = WeaverSpan

    private struct State {
        var ids: SeededGenerator
        var sampler = RootSampler(rate: 0)
        var export: (@Sendable (SpanRecord) -> Void)?
        var other: ForeignInstrument?

        /// The context of a trace's first span.
        mutating func newTrace() -> TraceContext {
            let isSampled = export != nil && sampler.take(now: EventLoop.now)
            return TraceContext(
                traceID: UInt128(ids.identifier()) << 64 | UInt128(ids.identifier()), spanID: ids.identifier(),
                flags: isSampled ? TraceContext.sampled : 0)
        }
    }

    private let state: Mutex<State>
    private let isRecording = Atomic<Bool>(false)
    private let isBesideOther = Atomic<Bool>(false)

    /// A tracer whose spans go nowhere, in a program that has bootstrapped `other`.
    package init(beside other: ForeignInstrument? = nil) {
        state = Mutex(State(ids: SeededGenerator(seed: .random(in: .min ... .max))))
        if let other { stand(beside: other) }
    }

    // MARK: Another instrument

    /// What the application has bootstrapped instead of this tracer, or beside it: nil in most programs, which pay one load
    /// for that.
    var other: ForeignInstrument? {
        isBesideOther.load(ordering: .relaxed) ? state.withLock { $0.other } : nil
    }

    /// The application has bootstrapped `other`: before the runtime starts, and once.
    package func stand(beside other: ForeignInstrument) {
        state.withLock { $0.other = other }
        isBesideOther.store(true, ordering: .relaxed)
        if other.makesSpans { isRecording.store(false, ordering: .relaxed) }
        // From here on a task's ServiceContext may be in a trace.
        CurrentTrace.use()
    }

    /// Records spans from here on, and gives those that have ended to `export`, which must not wait. `tracesPerSecond` is for
    /// traces that begin here.
    package func record(tracesPerSecond: Int, to export: @escaping @Sendable (SpanRecord) -> Void) {
        state.withLock { state in
            state.sampler = RootSampler(rate: tracesPerSecond)
            state.export = export
        }
        isRecording.store(!isSilenced, ordering: .relaxed)
    }

    /// Records none from here on.
    package func stopRecording() {
        isRecording.store(false, ordering: .relaxed)
        state.withLock { $0.export = nil }
    }

    /// Whether it makes no spans because somebody else does.
    var isSilenced: Bool { other?.makesSpans == true }

    /// What is said then where a file of traces is named.
    static let silence =
        "the file of traces gets nothing of this process: the program has bootstrapped a tracer of its own"

    // MARK: Spans of the runtime

    /// Whether any span is recorded.
    var recordsAny: Bool { isRecording.load(ordering: .relaxed) }

    /// Whether spans of `trace` are recorded.
    func records(_ trace: TraceContext) -> Bool { trace.isSampled && isRecording.load(ordering: .relaxed) }

    /// A span of the runtime's own below `parent`; nil where its trace is not recorded. Its context has what `context` has.
    func child(
        of parent: TraceContext, _ name: @autoclosure () -> String, _ kind: SpanRecord.Kind,
        in context: @autoclosure () -> ServiceContext = .topLevel
    ) -> WeaverSpan? {
        guard records(parent) else { return nil }
        return span(name(), kind, parent: parent, in: context(), start: WallClock.nanoseconds)
    }

    /// A span of the runtime's own that begins a trace; nil where that is not recorded.
    func root(_ name: @autoclosure () -> String, _ kind: SpanRecord.Kind) -> WeaverSpan? {
        guard isRecording.load(ordering: .relaxed) else { return nil }
        let trace = state.withLock { $0.newTrace() }
        guard trace.isSampled else { return nil }
        return WeaverSpan(
            SpanRecord(context: trace, parent: 0, name: name(), kind: kind, start: WallClock.nanoseconds),
            isRecording: true, context: .topLevel, tracer: self)
    }

    // MARK: Spans of the application

    package func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> WeaverSpan {
        let context = context()
        let parent = context[TraceKey.self]?.trace ?? CallContext.current.trace
        return span(
            operationName, SpanRecord.Kind(kind), parent: parent, in: context,
            start: instant().nanosecondsSinceEpoch)
    }

    package func activeSpan(identifiedBy context: ServiceContext) -> WeaverSpan? { context[TraceKey.self]?.span }

    /// Spans leave by themselves.
    package func forceFlush() {}

    private func span(
        _ name: String, _ kind: SpanRecord.Kind, parent: TraceContext?, in context: ServiceContext, start: UInt64
    ) -> WeaverSpan {
        CurrentTrace.use()
        let own = state.withLock { state in
            guard var trace = parent else { return state.newTrace() }
            trace.spanID = state.ids.identifier()
            return trace
        }
        return WeaverSpan(
            SpanRecord(context: own, parent: parent?.spanID ?? 0, name: name, kind: kind, start: start),
            isRecording: records(own), context: context, tracer: self)
    }

    /// Takes a span that has ended.
    func ended(_ span: SpanRecord) {
        let export = state.withLock { $0.export }
        export?(span)
    }

    // MARK: Other protocols

    package func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        // The trace is that of who makes the spans.
        guard !isSilenced, let parent = extractor.extract(key: TraceContext.parentField, from: carrier) else { return }
        let state = extractor.extract(key: TraceContext.stateField, from: carrier)
        guard let trace = TraceContext(parent: parent, states: state.map { [$0] } ?? []) else { return }
        CurrentTrace.use()
        context[TraceKey.self] = TraceEntry(trace: trace)
    }

    package func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard !isSilenced, let trace = context[TraceKey.self]?.trace ?? CallContext.current.trace
        else { return }
        injector.inject(trace.parentText, forKey: TraceContext.parentField, into: &carrier)
        if !trace.state.isEmpty { injector.inject(trace.state, forKey: TraceContext.stateField, into: &carrier) }
    }
}

extension SeededGenerator {
    /// A number that is not 0, which is no id.
    fileprivate mutating func identifier() -> UInt64 {
        while true {
            let id = next()
            if id != 0 { return id }
        }
    }
}

extension SpanRecord.Kind {
    init(_ kind: SpanKind) {
        self =
            switch kind {
            case .server: .server
            case .client: .client
            case .producer: .producer
            case .consumer: .consumer
            case .internal: .internal
            }
    }
}
