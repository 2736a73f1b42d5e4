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
        guard let caller = current ?? context.trace else {
            return isTimed ? CallWatch(counters, method, start: now, isTimed: true) : nil
        }
        let span = span(method, below: caller, .client)
        let trace = span?.trace ?? caller
        if trace != context.trace { context.trace = trace }
        guard isTimed || span != nil || current != nil else { return nil }
        return CallWatch(counters, method, start: now, isTimed: isTimed, trace: trace, span: span)
    }

    /// The span of a call of `method`; nil where its trace is not recorded.
    func span(_ method: Int, below parent: TraceContext, _ kind: SpanRecord.Kind) -> WeaverSpan? {
        tracer?.child(of: parent, "\(info.name).\(info.methods[method].name)", kind)
    }

    /// The span of a call within this process; nil where the task is in no trace that is recorded.
    func localSpan(_ method: Int) -> WeaverSpan? {
        guard tracer != nil, let trace = CurrentTrace.context else { return nil }
        return span(method, below: trace, .internal)
    }

    /// Whether a call of the task that asks, whose context is in `scope`, gets a span.
    @inline(__always)
    func tracesLocalCall(in scope: CallScope?) -> Bool {
        guard CurrentTrace.isUsed || scope?.hasNoExtras == false else { return false }
        return tracesLocalCall
    }

    @inline(never)
    private var tracesLocalCall: Bool {
        guard let tracer, let trace = CurrentTrace.context else { return false }
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
    /// The trace that the call travels with, also when it is sent again.
    let trace: TraceContext?
    private let span: WeaverSpan?

    init(
        _ counters: MethodCounters, _ method: Int, start: MonotonicTime, isTimed: Bool, trace: TraceContext? = nil,
        span: WeaverSpan? = nil
    ) {
        self.counters = counters
        self.method = method
        self.start = start
        self.isTimed = isTimed
        self.trace = trace
        self.span = span
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
