internal import HTTPTypes
package import Tracing
internal import WeaverCore

/// An instrument that the application has bootstrapped instead of the runtime's tracer, or beside it: what it puts into fields
/// travels with calls, and is extracted where they, or requests, arrive.
package struct ForeignInstrument: Sendable {
    private let instrument: any Instrument
    /// Whether it makes the spans of the application. Then the runtime makes none: they would be missing where those go, as
    /// parents.
    package let makesSpans: Bool

    /// `instrument`, in a program whose spans `tracer` makes.
    package init?(_ instrument: any Instrument, tracer: any Tracer) {
        if instrument is NoOpInstrument || instrument is NoOpTracer || instrument is WeaverTracer { return nil }
        self.instrument = instrument
        makesSpans = !(tracer is NoOpTracer || tracer is WeaverTracer)
    }

    /// What the task that asks sees as the bootstrapped instrument; nil where that is the runtime's own, or none.
    package static var bootstrapped: ForeignInstrument? {
        ForeignInstrument(InstrumentationSystem.instrument, tracer: InstrumentationSystem.tracer)
    }

    /// Puts what the task that asks has of the instrument's into a call's context.
    ///
    /// The trace is that of who makes the spans: what the instrument injects counts where that is not the runtime, or where the
    /// task has no trace of the runtime's.
    func inject(into context: inout CallContext) {
        var fields = injected
        let trace = fields.takeTrace()
        if makesSpans || context.trace == nil, let trace {
            context.trace = trace
        } else if !makesSpans {
            fields.dropTrace()
        }
        context.fields = fields.values
    }

    /// The trace that the task that asks is in; nil for what the instrument logs while it is asked, or that would ask again.
    var trace: TraceContext? {
        guard makesSpans, !Self.isAsked, ServiceContext.current != nil else { return nil }
        var fields = injected
        return fields.takeTrace()
    }

    @TaskLocal private static var isAsked = false

    private var injected: InjectedFields {
        var fields = InjectedFields()
        guard let current = ServiceContext.current else { return fields }
        Self.$isAsked.withValue(true) { instrument.inject(current, into: &fields, using: FieldInjector()) }
        return fields
    }

    /// What the instrument makes of the fields of a call that has arrived.
    func serviceContext(of call: CallContext) -> ServiceContext {
        var context = ServiceContext.topLevel
        instrument.extract(call, into: &context, using: CallExtractor())
        return context
    }

    /// What the instrument makes of the fields of a request that has arrived.
    func serviceContext(of request: HTTPRequest) -> ServiceContext {
        var context = ServiceContext.topLevel
        instrument.extract(request.headerFields, into: &context, using: RequestExtractor())
        return context
    }
}

private struct FieldInjector: Injector {
    func inject(_ value: String, forKey key: String, into carrier: inout InjectedFields) {
        carrier.set(key, to: value)
    }
}

private struct CallExtractor: Extractor {
    func extract(key: String, from carrier: CallContext) -> String? { carrier.field(key) }
}

private struct RequestExtractor: Extractor {
    func extract(key: String, from carrier: HTTPFields) -> String? { HTTPField.Name(key).flatMap { carrier[$0] } }
}
