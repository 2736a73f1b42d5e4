internal import Tracing
internal import WeaverCore
internal import WeaverLoop

/// Counts, times and traces the calls of one component; see ``Telemetry/calls(of:isRemote:)``.
final class CallRecorder: Sendable {
    let counters: MethodCounters
    private let info: ComponentInfo
    /// Nil where nobody takes spans.
    private let tracer: WeaverTracer?

    init(_ info: ComponentInfo, tracer: WeaverTracer? = nil) {
        self.info = info
        self.tracer = tracer
        counters = MethodCounters(count: info.methods.count)
    }

    /// A call of `method` is about to be sent in `context`, which gets the trace that it is to travel with. Nil where nothing is
    /// to be watched of it.
    @inline(__always)
    func begin(_ method: Int, _ context: inout CallContext, now: MonotonicTime) -> CallWatch? {
        let isTimed = counters.countCallToTime(of: method)
        guard isTimed || CurrentTrace.isUsed || !context.hasNoExtras else { return nil }
        return watch(method, &context, isTimed: isTimed, now)
    }

    @inline(never)
    private func watch(
        _ method: Int, _ context: inout CallContext, isTimed: Bool, _ now: MonotonicTime
    ) -> CallWatch? {
        let current = CurrentTrace.span
        if let current, context.trace != current { context.trace = current }
        let other = tracer?.other
        other?.inject(into: &context)
        let span = context.trace.flatMap { self.span(method, below: $0, .client) }
        if let span { context.trace = span.trace }
        let isOwn = current != nil || other != nil
        guard isTimed || span != nil || isOwn else { return nil }
        return CallWatch(
            counters, method, start: now, isTimed: isTimed, trace: context.trace, fields: context.fields, span: span)
    }

    /// The span of a call of `method`; nil where its trace is not recorded.
    private func span(
        _ method: Int, below parent: TraceContext, _ kind: SpanRecord.Kind,
        in context: @autoclosure () -> ServiceContext = .topLevel
    ) -> WeaverSpan? {
        tracer?.child(of: parent, "\(info.name).\(info.methods[method].name)", kind, in: context())
    }

    /// The span of a call within this process, whose context keeps what the task's has; nil where the task is in no trace
    /// that is recorded.
    func localSpan(_ method: Int) -> WeaverSpan? {
        guard tracer?.recordsAny == true, let trace = CurrentTrace.context else { return nil }
        return span(method, below: trace, .internal, in: ServiceContext.current ?? .topLevel)
    }

    /// Whether a call of the task that asks, whose context is in `scope`, gets a span.
    @inline(__always)
    func tracesLocalCall(in scope: CallScope?) -> Bool {
        guard CurrentTrace.isUsed || scope?.hasNoExtras == false else { return false }
        return tracesLocalCall
    }

    @inline(never)
    private var tracesLocalCall: Bool {
        guard let tracer, tracer.recordsAny, let trace = CurrentTrace.context else { return false }
        return tracer.records(trace)
    }
}

/// What is watched of a call that was sent: of one in 64 how long it takes, and of a recorded trace its span.
@usableFromInline
package final class CallWatch: Sendable {
    private let counters: MethodCounters
    private let method: Int
    private let start: MonotonicTime
    private let isTimed: Bool
    /// What the call travels with, also when it is sent again.
    private let trace: TraceContext?
    private let fields: [String: String]
    private let span: WeaverSpan?

    init(
        _ counters: MethodCounters, _ method: Int, start: MonotonicTime, isTimed: Bool, trace: TraceContext?,
        fields: [String: String], span: WeaverSpan?
    ) {
        self.counters = counters
        self.method = method
        self.start = start
        self.isTimed = isTimed
        self.trace = trace
        self.fields = fields
        self.span = span
    }

    /// Gives the context of the call, which is sent again, what the first sending had.
    func restore(_ context: inout CallContext) {
        if let trace { context.trace = trace }
        context.fields = fields
    }

    /// The call has given its result.
    @usableFromInline
    func ended() {
        recordTime()
        span?.end()
    }

    /// The call has thrown.
    func failed(_ error: any Error) {
        recordTime()
        span?.end(error: "\(error)")
    }

    private func recordTime() {
        guard isTimed else { return }
        let now = EventLoop.now.nanoseconds
        counters.record(nanoseconds: now - min(now, start.nanoseconds), of: method)
    }
}
