package import Tracing

/// A tracer that is not the runtime's: as those of other libraries do, it writes `traceparent` and, for what travels with a
/// request besides, a field of its own. Its spans go nowhere.
package struct TestTracer: Tracer {
    /// The field of what a task is done for.
    package static let tenantField = "X-Tenant"

    /// A tracer; all are the same.
    package init() {}

    /// Where a task is: text as it is in the fields, and in whose name it runs.
    package struct Place: Sendable, Equatable {
        /// 32 hexadecimal digits.
        package var trace: String
        /// 16 hexadecimal digits.
        package var span: String
        /// The content of `tracestate`.
        package var state: String
        /// Whom the task works for.
        package var tenant: String?

        /// A place in a trace.
        package init(trace: String, span: String, state: String = "", tenant: String? = nil) {
            self.trace = trace
            self.span = span
            self.state = state
            self.tenant = tenant
        }
    }

    private enum PlaceKey: ServiceContextKey { typealias Value = Place }

    /// The place that `context` has.
    package static func place(in context: ServiceContext?) -> Place? { context?[PlaceKey.self] }

    /// A context with `place`.
    package static func context(_ place: Place?) -> ServiceContext {
        var context = ServiceContext.topLevel
        context[PlaceKey.self] = place
        return context
    }

    package func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        let parts = extractor.extract(key: "traceparent", from: carrier)?.split(separator: "-").map(String.init) ?? []
        let tenant = extractor.extract(key: Self.tenantField, from: carrier)
        guard parts.count == 4 || tenant != nil else { return }
        context[PlaceKey.self] = Place(
            trace: parts.count == 4 ? parts[1] : "", span: parts.count == 4 ? parts[2] : "",
            state: extractor.extract(key: "tracestate", from: carrier) ?? "", tenant: tenant)
    }

    package func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let place = context[PlaceKey.self] else { return }
        if !place.trace.isEmpty {
            injector.inject("00-\(place.trace)-\(place.span)-01", forKey: "traceparent", into: &carrier)
        }
        if !place.state.isEmpty { injector.inject(place.state, forKey: "tracestate", into: &carrier) }
        if let tenant = place.tenant { injector.inject(tenant, forKey: Self.tenantField, into: &carrier) }
    }

    package func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> TestSpan {
        var context = context()
        var place = context[PlaceKey.self] ?? Place(trace: String(repeating: "7", count: 32), span: "")
        // As long as an id, and tells whose child the span is.
        place.span = String((operationName.utf8.map { String($0, radix: 16) }.joined() + place.span).prefix(16))
        place.span += String(repeating: "0", count: 16 - place.span.count)
        context[PlaceKey.self] = place
        return TestSpan(operationName, context)
    }

    package func forceFlush() {}
}

/// A span that keeps nothing.
package final class TestSpan: Span {
    package let context: ServiceContext
    private let name: String

    init(_ name: String, _ context: ServiceContext) {
        self.name = name
        self.context = context
    }

    package var operationName: String {
        get { name }
        set {}
    }
    package var attributes: SpanAttributes {
        get { [:] }
        set {}
    }
    package var isRecording: Bool { false }
    package func setStatus(_ status: SpanStatus) {}
    package func addEvent(_ event: SpanEvent) {}
    package func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {}
    package func addLink(_ link: SpanLink) {}
    package func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {}
}
